import { DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, HeadObjectCommand, ListObjectsV2Command, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { setMaxListeners } from 'node:events'
import { Readable } from 'node:stream'
import { answerOf } from '../../aws-sdk.ts'
import type { PlatformConfig } from '../../config/platform.ts'
import { HeadwaterError } from '../../errors/catalogue.ts'
import type { Log } from '../../log.ts'
import { checkRange } from './byte-range.ts'
import { checkContentType } from './content-type.ts'
import { checkKey } from './key.ts'
import { listQuery } from './list-query.ts'
import type { ByteRange, ListOptions, ObjectInfo, ObjectPage, Objects, PutOptions, StoredObject } from './objects.ts'
import { piecesOf } from './pieces.ts'
import { Transfers } from './transfers.ts'

export type S3Settings = Pick<PlatformConfig, 's3Bucket' | 's3Endpoint' | 's3Region' | 's3AccessKeyId' | 's3SecretAccessKey' | 's3PathStyle' | 's3ConnectMs' | 's3IdleMs' | 's3PartBytes' | 'maxObjectBytes'>

/** S3 takes that many. */
const PARTS = 10_000
const PARTS_AT_ONCE = 2
/** S3 signs for seven days at most. */
const SIGNED_SECONDS = 604_800
/** What is wrong is the configuration: waiting would not help. */
const REFUSED = [301, 400, 401, 403, 404]

/**
 * Objects in a bucket of S3, or of what speaks like it. One that does not answer at the start may do so later; until
 * then whoever needs it is told.
 * @throws HeadwaterError `CONFIG_INVALID` when it refuses
 */
export async function openS3 (settings: S3Settings, log: Log): Promise<Objects> {
  const objects = new S3Objects(settings)
  try {
    await objects.look()
  } catch (error) {
    const { status, reason } = answerOf(error)
    if (status !== undefined && REFUSED.includes(status)) {
      await objects.close()
      throw new HeadwaterError('CONFIG_INVALID', { message: `The bucket ${settings.s3Bucket} (S3_BUCKET) cannot be used: the server answers ${status} ${reason}. Look at S3_BUCKET, S3_REGION, S3_ENDPOINT, S3_ACCESS_KEY_ID and what that key may do`, cause: error })
    }
    log.warn({ reason }, 'S3 does not answer: objects cannot be used until it does')
  }
  return objects
}

class S3Objects implements Objects {
  readonly kind = 's3'
  readonly #settings: S3Settings
  readonly #client: S3Client
  readonly #transfers = new Transfers()
  readonly #closed = new AbortController()
  #looking: Promise<string | undefined> | undefined

  constructor (settings: S3Settings) {
    this.#settings = settings
    this.#client = new S3Client(clientConfig(settings))
    // As many requests as there are listen to it.
    setMaxListeners(0, this.#closed.signal)
    abortOn(this.#closed.signal, this.#client)
  }

  async put (key: string, body: Uint8Array | Readable, { contentType }: PutOptions): Promise<ObjectInfo> {
    return await this.#transfers.put(body, async () => {
      checkKey(key)
      checkContentType(contentType)
      const source = new Source(piecesOf(body, this.#settings.maxObjectBytes))
      const upload = new Upload({
        client: this.#client,
        params: { Bucket: this.#settings.s3Bucket, Key: key, ContentType: contentType, Body: source.stream },
        partSize: Math.max(this.#settings.s3PartBytes, Math.ceil(this.#settings.maxObjectBytes / PARTS)),
        queueSize: PARTS_AT_ONCE
      })
      try {
        const { ETag } = await upload.done()
        return { key, bytes: source.bytes, contentType, etag: bare(ETag), modifiedAt: Date.now() }
      } catch (error) {
        throw source.failure ?? unavailable(error)
      } finally {
        source.stream.destroy()
      }
    })
  }

  async get (key: string, range?: ByteRange): Promise<StoredObject | undefined> {
    checkKey(key)
    if (range !== undefined) checkRange(range)
    const answer = await whereThereIs(this.#client.send(new GetObjectCommand({
      ...this.#place(key),
      ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` })
    })))
    if (answer === undefined) return undefined
    const { ContentRange, ContentLength, ContentType, ETag, LastModified } = answer
    const bytes = ContentRange === undefined ? ContentLength : Number(ContentRange.slice(ContentRange.lastIndexOf('/') + 1))
    return { ...infoOf(key, { ContentType, ETag, LastModified, ContentLength: bytes }), body: this.#transfers.read(answer.Body as Readable) }
  }

  async info (key: string): Promise<ObjectInfo | undefined> {
    checkKey(key)
    const answer = await whereThereIs(this.#client.send(new HeadObjectCommand(this.#place(key))))
    return answer === undefined ? undefined : infoOf(key, answer)
  }

  async list (prefix: string, options?: ListOptions): Promise<ObjectPage> {
    const { limit, after } = listQuery(prefix, options)
    const { Contents = [], IsTruncated } = await answered(this.#client.send(new ListObjectsV2Command({ Bucket: this.#settings.s3Bucket, Prefix: prefix, MaxKeys: limit, ...(after === '' ? {} : { StartAfter: after }) })))
    const objects = Contents.map(({ Key = '', Size = 0, ETag, LastModified }) => ({ key: Key, bytes: Size, etag: bare(ETag), modifiedAt: LastModified?.getTime() ?? 0 }))
    return { objects, next: IsTruncated === true ? objects.at(-1)?.key : undefined }
  }

  async delete (key: string): Promise<void> {
    checkKey(key)
    await whereThereIs(this.#client.send(new DeleteObjectCommand(this.#place(key))))
  }

  async signedUrl (key: string, { seconds }: { seconds: number }): Promise<string> {
    checkKey(key)
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > SIGNED_SECONDS) throw new HeadwaterError('INVALID_REQUEST', { message: `An address is signed for 1 to ${SIGNED_SECONDS} seconds` })
    return await answered(getSignedUrl(this.#client, new GetObjectCommand(this.#place(key)), { expiresIn: seconds }))
  }

  /** Many may ask at once; S3 is asked once. */
  trouble (): Promise<string | undefined> {
    this.#looking ??= this.look().then(() => undefined, error => `S3 does not answer: ${answerOf(error).reason}`).finally(() => { this.#looking = undefined })
    return this.#looking
  }

  /** @throws the client's error when the bucket cannot be used; an `AbortError` when it is not known after S3_CONNECT_MS */
  async look (): Promise<void> {
    await this.#client.send(new HeadBucketCommand({ Bucket: this.#settings.s3Bucket }), { abortSignal: AbortSignal.timeout(this.#settings.s3ConnectMs) })
  }

  /** Uploads have S3_CONNECT_MS to be aborted in order. */
  async close (): Promise<void> {
    const patience = setTimeout(() => this.#closed.abort(), this.#settings.s3ConnectMs)
    await this.#transfers.end()
    clearTimeout(patience)
    this.#closed.abort()
    this.#client.destroy()
  }

  #place (key: string): { Bucket: string, Key: string } {
    return { Bucket: this.#settings.s3Bucket, Key: key }
  }
}

/** What a put sends: counted, and if it fails, it is known that it was this and not S3. */
class Source {
  readonly stream: Readable
  bytes = 0
  failure: unknown

  constructor (pieces: AsyncIterable<Uint8Array>) {
    this.stream = Readable.from(this.#count(pieces), { objectMode: false })
  }

  async * #count (pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#notice(pieces)) {
      this.bytes += piece.length
      yield piece
    }
  }

  /** Only what comes from there: whoever stops reading throws an error of its own into the one above. */
  async * #notice (pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield * pieces
    } catch (error) {
      this.failure = error
      throw error
    }
  }
}

function clientConfig ({ s3Endpoint, s3Region, s3AccessKeyId, s3SecretAccessKey, s3PathStyle, s3ConnectMs, s3IdleMs }: S3Settings): S3ClientConfig {
  return {
    region: s3Region,
    forcePathStyle: s3PathStyle === 'on',
    ...(s3Endpoint === '' ? {} : { endpoint: s3Endpoint }),
    ...(s3AccessKeyId === '' ? {} : { credentials: { accessKeyId: s3AccessKeyId, secretAccessKey: s3SecretAccessKey } }),
    // Otherwise streams have checksums in between, which servers other than Amazon's may keep as content.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: s3ConnectMs, socketTimeout: s3IdleMs }
  }
}

/** Ends all requests of a client; an upload in parts takes no signal for its own. */
function abortOn (signal: AbortSignal, { config: { requestHandler } }: S3Client): void {
  const handle = requestHandler.handle.bind(requestHandler)
  requestHandler.handle = async (request, options) => {
    const { abortSignal: own } = options as { abortSignal?: AbortSignal }
    return await handle(request, { ...options, abortSignal: own === undefined ? signal : AbortSignal.any([signal, own]) })
  }
}

interface Answer { ContentLength?: number | undefined, ContentType?: string | undefined, ETag?: string | undefined, LastModified?: Date | undefined }

function infoOf (key: string, { ContentLength = 0, ContentType = 'application/octet-stream', ETag, LastModified }: Answer): ObjectInfo {
  return { key, bytes: ContentLength, contentType: ContentType, etag: bare(ETag), modifiedAt: LastModified?.getTime() ?? 0 }
}

/** Without the quotes of HTTP. */
function bare (etag = ''): string {
  return etag.replaceAll('"', '')
}

/** Undefined where S3 says that there is no such object. */
async function whereThereIs<T> (answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    const { name } = error as Error
    // A HEAD has no body that says what it is that was not found.
    if (name === 'NoSuchKey' || name === 'NotFound') return undefined
    throw name === 'InvalidRange' ? new HeadwaterError('RANGE_NOT_SATISFIABLE', { cause: error }) : unavailable(error)
  }
}

async function answered<T> (answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw unavailable(error)
  }
}

function unavailable (error: unknown): HeadwaterError {
  return new HeadwaterError('OBJECTS_UNAVAILABLE', { cause: error })
}
