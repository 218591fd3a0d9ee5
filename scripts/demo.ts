/**
 * Shows Headwater at work: a server with the embedded defaults, a generated broadcast that comes in
 * through the real Socket.IO path, and the address of the page to watch it on. `--seconds N` ends it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { FastifyInstance } from 'fastify'
import { loadConfig } from '../src/config/load.ts'
import type { Config } from '../src/config/schema.ts'
import { HeadwaterError } from '../src/errors/catalogue.ts'
import { buildStandalone } from '../src/standalone.ts'
import { broadcast } from './broadcaster/broadcast.ts'
import { interruptSignal } from './interrupt.ts'
import { provide, ToolMissing } from './provide/provide.ts'

const STREAM_KEY = 'demo'
/** From the first chunk to the first segment; more means that something is wrong. */
const FIRST_SEGMENT_MS = 30_000
const ASK_AGAIN_MS = 200

const HELP = `Starts a server, broadcasts a generated picture to it and prints the page to watch.

  tsx scripts/demo.ts [--seconds N]

HOST, PORT, STREAMS_DIR and LOG_LEVEL are honoured, as by the server; so are its other settings.
`

async function main (): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: 'string' }, help: { type: 'boolean', default: false } } })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds)
  if (seconds !== undefined && !(seconds > 0)) throw new Error('--seconds must be a number above 0')
  const interrupted = interruptSignal(() => say('\nEnding the broadcast …'))

  const ffmpegPath = await provide('ffmpeg')
  const config = loadConfig(process.env)
  const ownFolder = process.env['STREAMS_DIR'] ? undefined : await mkdtemp(join(tmpdir(), 'headwater-demo-'))
  try {
    const app = await buildStandalone(demoConfig(config, ownFolder), { logger: quietLogger(config) })
    try {
      const url = await listen(app, config.server)
      await show(url, { ffmpegPath, seconds, interrupted })
    } finally {
      await app.close()
    }
  } finally {
    if (ownFolder !== undefined) await rm(ownFolder, { recursive: true, force: true })
  }
}

/** The demo is there to be tried, so anybody who reaches it may publish. What is said nowhere else goes into a folder of its own, and is gone afterwards. */
function demoConfig (config: Config, ownFolder: string | undefined): Config {
  const { livestream, platform } = config
  const open = { ...livestream, publishAuth: 'open' as const }
  if (ownFolder === undefined) return { ...config, livestream: open }
  return {
    ...config,
    livestream: { ...open, streamsDir: join(ownFolder, 'streams') },
    platform: process.env['DATA_DIR'] ? platform : { ...platform, dataDir: join(ownFolder, 'data') }
  }
}

/** Only what is wrong, unless LOG_LEVEL asks for more. */
function quietLogger ({ server }: Config) {
  return { level: process.env['LOG_LEVEL'] ? server.logLevel : 'warn', transport: { target: 'pino-pretty', options: { destination: 2, ignore: 'pid,hostname' } } }
}

/** @returns the address of the server for a browser on this machine */
async function listen (app: FastifyInstance, { host, port }: Config['server']): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    await app.listen({ host, port: 0 })
    say(`Port ${port} is taken; using ${(app.server.address() as AddressInfo).port}.`)
  }
  const everyInterface = host === '0.0.0.0' || host === '::'
  const name = everyInterface ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${(app.server.address() as AddressInfo).port}`
}

interface Show {
  ffmpegPath: string
  seconds: number | undefined
  interrupted: AbortSignal
}

/** Broadcasts until it is interrupted or the time is over. */
async function show (url: string, { ffmpegPath, seconds, interrupted }: Show): Promise<void> {
  const playlist = `${url}/livestream/${STREAM_KEY}/live.m3u8`
  const over = new AbortController()
  let announced: Promise<void> | undefined
  try {
    const { reason } = await broadcast({
      url,
      streamKey: STREAM_KEY,
      userId: 'demo',
      source: { kind: 'generated', flash: 'corner' },
      ffmpegPath,
      seconds,
      signal: interrupted,
      onStarted: () => { announced ??= announce(url, playlist, over.signal) },
      onTrouble: say
    })
    say(`The broadcast is over: ${reason}.`)
  } finally {
    over.abort()
    await announced
  }
}

/** Prints where to watch as soon as there is something to see. */
async function announce (url: string, playlist: string, over: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  while (!over.aborted) {
    const answer = await fetch(playlist, { signal: over }).then(async response => response.ok ? await response.text() : '').catch(() => '')
    const waitedMs = performance.now() - startedAt
    if (answer.includes('#EXTINF')) {
      process.stdout.write(`
  On air after ${(waitedMs / 1000).toFixed(1)} s.

  Watch      ${url}/watch/${STREAM_KEY}
  Playlist   ${playlist}
  Stop       Ctrl-C

`)
      return
    }
    if (waitedMs > FIRST_SEGMENT_MS) {
      say('There is still no segment; LOG_LEVEL=info shows what the server does.')
      return
    }
    await new Promise(resolve => setTimeout(resolve, ASK_AGAIN_MS))
  }
}

function say (text: string): void {
  process.stderr.write(`${text}\n`)
}

main().catch((error: unknown) => {
  const known = error instanceof ToolMissing || error instanceof HeadwaterError
  console.error(known ? error.message : error)
  process.exitCode = 1
})
