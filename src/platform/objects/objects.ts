import type { Readable } from 'node:stream'

/** What is known of an object without reading it. */
export interface ObjectInfo {
  key: string
  bytes: number
  contentType: string
  /** Changes with the content. */
  etag: string
  /** Milliseconds since 1970. */
  modifiedAt: number
}

/** Bytes from `start` to `end`, both included, as in HTTP. */
export interface ByteRange {
  start: number
  end: number
}

export interface StoredObject extends ObjectInfo {
  /** The whole, or the range that was asked for. Has to be read to its end, or destroyed. */
  body: Readable
}

export interface ObjectPage {
  objects: ObjectInfo[]
  /** Goes into the next call; undefined at the end. */
  next: string | undefined
}

/**
 * Files by key, on the disk or in S3. Keys are parts of `[A-Za-z0-9._-]` with `/` between them, none of them `.` or `..`,
 * 512 characters at most.
 */
export interface Objects {
  readonly kind: 'disk' | 's3'
  /** Whole or not at all: until it is there, and if it fails, whoever gets the key gets what was there before. @throws HeadwaterError `PAYLOAD_TOO_LARGE` */
  put (key: string, body: Uint8Array | Readable, options: { contentType: string }): Promise<ObjectInfo>
  /** Undefined when there is none. @throws HeadwaterError `RANGE_NOT_SATISFIABLE` */
  get (key: string, range?: ByteRange): Promise<StoredObject | undefined>
  info (key: string): Promise<ObjectInfo | undefined>
  /** By key, `limit` (1000 at most) a page. */
  list (prefix: string, options?: { limit?: number, after?: string }): Promise<ObjectPage>
  /** Does nothing where there is none. */
  delete (key: string): Promise<void>
  /** An address at which anybody can get the object for a while; undefined where only this server can give it out. */
  signedUrl (key: string, options: { seconds: number }): Promise<string | undefined>
  /** Why it cannot be used at present; undefined when it can. */
  trouble (): Promise<string | undefined>
  close (): Promise<void>
}
