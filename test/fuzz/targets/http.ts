import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Fastify, { type FastifyInstance, type HTTPMethods } from 'fastify'
import { loadConfig } from '../../../src/config/load.ts'
import { ERROR_CODES } from '../../../src/errors/catalogue.ts'
import { livestream } from '../../../src/livestream/index.ts'
import { buildStandalone } from '../../../src/standalone.ts'
import { ENDED, fuzzRequest, OWNER, PREPARED, type FuzzRequest } from '../inputs/http-request.ts'
import { must, type FuzzTarget } from '../target.ts'

/** Stands in every file that nobody may be given. */
const CANARY = 'the-canary-in-the-files'
/** Nothing that is asked for takes longer, even on a busy machine. */
const HANG_MS = 10_000
const MOST_STREAMS = 4
const WITHOUT_LIMITS = { statusRequestsPerMinute: 1e9, generalRequestsPerMinute: 1e9, streamRequestsPerMinute: 1e9, heldRequestSeconds: 0, maxStreams: MOST_STREAMS }

const SEGMENT = Buffer.alloc(188 * 20, 0x47)
const PLAYLIST = Buffer.from('#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:2.000,\nsegment_0.ts\n#EXT-X-ENDLIST\n')
const MEDIA = new Map([[`/livestream/${ENDED}/segment_0.ts`, SEGMENT], [`/livestream/${ENDED}/stream.m3u8`, PLAYLIST], [`/livestream/${ENDED}/live.m3u8`, PLAYLIST]])

interface Answer {
  status: number
  headers: Record<string, unknown>
  bytes: Buffer
}

/** An app with one ended stream on disk and one that is prepared, and files around it that are nobody's business. */
class Site {
  readonly #root: string
  readonly #app: FastifyInstance
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #port: number

  static async open (kind: FuzzRequest['app']): Promise<Site> {
    const root = await mkdtemp(join(tmpdir(), 'headwater-fuzz-'))
    const streamsDir = join(root, 'streams')
    for (const folder of [root, streamsDir, join(root, 'canary'), join(streamsDir, ENDED)]) {
      await mkdir(folder, { recursive: true })
      for (const name of ['canary.txt', 'secret.txt', 'canary.ts']) await writeFile(join(folder, name), CANARY)
    }
    for (const folder of [root, streamsDir, join(root, 'canary')]) {
      for (const name of ['segment_0.ts', 'stream.m3u8', 'live.m3u8']) await writeFile(join(folder, name), CANARY)
    }
    const app = await buildApp(kind, streamsDir)
    await app.listen({ host: '127.0.0.1', port: 0 })
    // Now, so that what a server does with a folder as it starts leaves it alone.
    await writeFile(join(streamsDir, ENDED, 'segment_0.ts'), SEGMENT)
    for (const name of ['stream.m3u8', 'live.m3u8']) await writeFile(join(streamsDir, ENDED, name), PLAYLIST)
    await writeFile(join(streamsDir, ENDED, 'journal.jsonl'), CANARY)
    const { statusCode } = await app.inject({ method: 'POST', url: `/livestream/${PREPARED}/start`, payload: { action: 'start', timestamp: 0, userId: OWNER } })
    must(statusCode === 200, 'a stream is prepared')
    return new Site(root, app)
  }

  private constructor (root: string, app: FastifyInstance) {
    this.#root = root
    this.#app = app
    this.#port = (app.server.address() as AddressInfo).port
  }

  async ask (asked: FuzzRequest): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined
    const hang = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer after ${HANG_MS} ms`)), HANG_MS)
    })
    try {
      return await Promise.race([asked.via === 'socket' ? this.#overSocket(asked) : this.#injected(asked), hang])
    } finally {
      clearTimeout(timer)
    }
  }

  async close (): Promise<void> {
    this.#agent.destroy()
    await this.#app.close()
    await rm(this.#root, { recursive: true, force: true })
  }

  async #injected ({ method, path, headers, body }: FuzzRequest): Promise<Answer> {
    const answer = await this.#app.inject({ method: method as HTTPMethods, url: path, headers, ...(body === undefined ? {} : { payload: body }) })
    return { status: answer.statusCode, headers: answer.headers, bytes: answer.rawPayload }
  }

  /** The path goes out as it is. */
  async #overSocket (asked: FuzzRequest): Promise<Answer> {
    const { method, path, headers, body } = asked
    return await new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const asking = request({ host: '127.0.0.1', port: this.#port, agent: this.#agent, method, path, headers: { ...headers, ...length } }, answer => {
        const pieces: Buffer[] = []
        answer.on('data', (piece: Buffer) => pieces.push(piece))
        answer.on('error', reject)
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bytes: Buffer.concat(pieces) }))
      })
      asking.on('error', error => {
        // The server may close a connection between two requests; one that is new has to be answered.
        if (asking.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET') resolve(this.#overSocket(asked))
        else reject(error)
      })
      asking.end(body)
    })
  }
}

async function buildApp (kind: FuzzRequest['app'], streamsDir: string): Promise<FastifyInstance> {
  if (kind === 'standalone') {
    const config = loadConfig({ ACCOUNTS: 'off', IVS: 'off', ROOMS: 'off' })
    return await buildStandalone({ ...config, livestream: { ...config.livestream, ...WITHOUT_LIMITS, streamsDir } })
  }
  const app = Fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 512 } })
  await app.register(livestream, { ...WITHOUT_LIMITS, streamsDir })
  return app
}

/** Whether errors on a path are Headwater's to write. A URL that cannot be decoded is the host's: its router says so before any plugin is asked. */
function isOurs (request: FuzzRequest): boolean {
  const path = pathAsked(request)
  // The pages and Socket.IO have forms of their own.
  if (/^\/+((watch|assets)(\/|$)|socket\.io\/)/.test(path)) return false
  return request.app === 'standalone' || (path.startsWith('/livestream/') && isDecodable(path))
}

/** `inject` tidies a path up before the app sees it. */
function pathAsked ({ via, path }: FuzzRequest): string {
  return via === 'socket' ? path.split(/[?#]/)[0]! : new URL(path, 'http://localhost').pathname
}

function isDecodable (text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function checkAnswer (asked: FuzzRequest, { status, headers, bytes }: Answer): void {
  const zipped = headers['content-encoding'] === 'gzip'
  const text = (zipped && bytes.length > 0 ? gunzipSync(bytes) : bytes).toString('latin1')
  must(!text.includes(CANARY) && !JSON.stringify(headers).includes(CANARY), 'a file is given out that is nobody\'s business')
  must(status < 500 || status === 503, () => `${status} ${text.slice(0, 300)}`)
  must(status >= 200, () => `status ${status}`)
  if (status >= 400 && isOurs(asked)) checkError(asked, status, headers, text)
  const media = MEDIA.get(asked.path)
  if (media !== undefined && asked.method === 'GET') checkMedia(media, status, headers, bytes)
}

function checkError ({ method }: FuzzRequest, status: number, headers: Answer['headers'], text: string): void {
  must(String(headers['content-type']).startsWith('application/json'), () => `${status} as ${String(headers['content-type'])}: ${text.slice(0, 200)}`)
  if (method === 'HEAD') return
  const { error, code, ...rest } = JSON.parse(text) as Record<string, unknown>
  must(typeof error === 'string' && error !== '', () => `${status} without words: ${text.slice(0, 200)}`)
  must(ERROR_CODES.some(known => known === code), () => `${status} without a code: ${text.slice(0, 200)}`)
  must(Object.keys(rest).every(key => key === 'streamKey' || key === 'retryAfterMs'), () => `${status} with more than an error: ${text.slice(0, 200)}`)
  must(status !== 503 || code === 'SERVER_BUSY', () => `503 ${String(code)}`)
}

/** RFC 9110, 14: the whole, the part that the answer names, or that there is none. */
function checkMedia (media: Buffer, status: number, headers: Answer['headers'], bytes: Buffer): void {
  if (status === 416) {
    must(headers['content-range'] === `bytes */${media.length}`, () => `416 with ${String(headers['content-range'])}`)
    return
  }
  must(status === 200 || status === 206, () => `${status} for media that is there`)
  const [, from = '0', to = String(media.length - 1), size = String(media.length)] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(String(headers['content-range'])) ?? []
  must((status === 206) === (headers['content-range'] !== undefined) && Number(size) === media.length, () => `${status} with ${String(headers['content-range'])}`)
  must(bytes.equals(media.subarray(Number(from), Number(to) + 1)), () => `${status} with ${bytes.length} other bytes`)
}

/** The real app: whatever is asked, over a socket and without. */
export const http: FuzzTarget<FuzzRequest> = {
  id: 'http',
  inputs: fuzzRequest,
  open: async () => {
    const sites = { standalone: await Site.open('standalone'), bare: await Site.open('bare') }
    return {
      check: async asked => { checkAnswer(asked, await sites[asked.app].ask(asked)) },
      close: async () => { for (const site of Object.values(sites)) await site.close() }
    }
  }
}
