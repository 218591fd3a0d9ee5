import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { awsError } from './aws-error.ts'

const ALGORITHM = 'AWS4-HMAC-SHA256'
const SERVICE = 'ivs'
const SKEW_MS = 300_000

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
}

export interface SignedRequest {
  method: string
  /** Path and query, as sent. */
  url: string
  headers: IncomingHttpHeaders
  body: Buffer
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()
const encode = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

/**
 * Signature Version 4, as the service checks it (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 * @throws AwsError 403
 */
export class SignatureCheck {
  readonly #credentials: Credentials
  readonly #region: string
  /** By day. */
  readonly #keys = new Map<string, Buffer>()

  constructor (credentials: Credentials, region: string) {
    this.#credentials = credentials
    this.#region = region
  }

  check ({ method, url, headers, body }: SignedRequest, nowMs: number): void {
    const { accessKeyId, scope, signedHeaders, signature } = parse(headers.authorization)
    const [day = '', region, service, end] = scope
    if (accessKeyId !== this.#credentials.accessKeyId) throw awsError('UnrecognizedClientException', 'The security token included in the request is invalid.')
    if (region !== this.#region || service !== SERVICE || end !== 'aws4_request') throw awsError('InvalidSignatureException', `Credential should be scoped to a valid region and to service: '${SERVICE}'.`)
    const date = String(headers['x-amz-date'] ?? '')
    const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
    if (!(Math.abs(at - nowMs) <= SKEW_MS) || !date.startsWith(day)) throw awsError('InvalidSignatureException', `Signature expired: ${date} is not within 5 minutes of the server's time`)
    if (!signedHeaders.includes('host') || !signedHeaders.includes('x-amz-date')) throw awsError('InvalidSignatureException', 'host and x-amz-date must be signed headers')
    const hash = sha256(body)
    const stated = headers['x-amz-content-sha256']
    if (stated !== undefined && stated !== hash) throw awsError('InvalidSignatureException', 'The hash of the body is not the one that was signed')
    const canonical = [
      method,
      canonicalPath(url),
      canonicalQuery(url),
      ...signedHeaders.map(name => `${name}:${String(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
      '',
      signedHeaders.join(';'),
      hash
    ].join('\n')
    const expected = createHmac('sha256', this.#keyOf(day)).update([ALGORITHM, date, scope.join('/'), sha256(canonical)].join('\n')).digest()
    const given = Buffer.from(signature, 'hex')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw awsError('InvalidSignatureException', 'The request signature we calculated does not match the signature you provided.')
  }

  #keyOf (day: string): Buffer {
    let key = this.#keys.get(day)
    if (key === undefined) {
      key = [this.#region, SERVICE, 'aws4_request'].reduce<Buffer>(hmac, hmac(`AWS4${this.#credentials.secretAccessKey}`, day))
      this.#keys.set(day, key)
    }
    return key
  }
}

function parse (authorization: string | undefined): { accessKeyId: string, scope: string[], signedHeaders: string[], signature: string } {
  const [, credential, headers, signature] = /^AWS4-HMAC-SHA256 Credential=(\S+), ?SignedHeaders=(\S+), ?Signature=([0-9a-f]+)$/.exec(authorization ?? '') ?? []
  if (credential === undefined || headers === undefined || signature === undefined) throw awsError('MissingAuthenticationTokenException', 'Missing Authentication Token')
  const [accessKeyId = '', ...scope] = credential.split('/')
  return { accessKeyId, scope, signedHeaders: headers.split(';'), signature }
}

/** What is encoded on the way is encoded once more. */
function canonicalPath (url: string): string {
  return url.split('?')[0]!.split('/').map(encode).join('/')
}

function canonicalQuery (url: string): string {
  const query = url.split('?')[1] ?? ''
  return [...new URLSearchParams(query)].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort().join('&')
}
