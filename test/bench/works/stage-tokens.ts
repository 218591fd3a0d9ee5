import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { API_KEY } from '../../fixtures/ivs-process.ts'
import { IvsStandIn } from '../../stand-ins/ivs/stand-in.ts'
import { Load } from '../load/load.ts'
import { wrk } from '../load/wrk.ts'
import { processorSeconds } from '../processor-time.ts'
import { StageServer } from '../stage-server.ts'
import { microseconds, times, type Context, type OpenWork, type Work } from '../work.ts'

const VIEWERS = 1_000
const RUN_MS = 10_000
const SHORT_MS = 2_000
const STATISTICS_CONNECTIONS = 16
const ENV = { IVS_MAX_PARTICIPANTS: '2000', IVS_MAX_WAITING_VIEWERS: String(VIEWERS) }

const perSecond = (value: number) => `${value.toFixed(0)}/s`

export const stageTokens: Work = {
  id: 'tokens',
  lines: [
    { id: 'local', name: 'viewer tokens, local stages (HS256)', format: perSecond },
    { id: 'local-cpu', name: 'the same, CPU per token', format: microseconds },
    { id: 'signed', name: 'viewer tokens, stages at AWS, signed here (ES384)', format: perSecond },
    { id: 'signed-cpu', name: 'the same, CPU per token', format: microseconds },
    { id: 'ratio', name: 'CPU per token, ES384 beside HS256', format: times },
    { id: 'statistics', name: 'GET /api/stats, local stages', format: perSecond },
    { id: 'statistics-cpu', name: 'the same, CPU per answer', format: microseconds }
  ],
  open
}

/** A server whose viewers have seats. */
interface Audience {
  server: StageServer
  load: Load
}

interface Rate {
  perSecond: number
  /** Processor time of each, in microseconds. */
  cpu: number
}

async function open ({ folder, short }: Context): Promise<OpenWork> {
  const standIn = await IvsStandIn.start()
  const opened: Audience[] = []
  const close = async () => {
    for (const { load, server } of opened) {
      await load.stop()
      await server.stop()
    }
    await standIn.stop()
  }
  const openAudience = async (name: string, env: Record<string, string>): Promise<Audience> => {
    const audience = { server: await StageServer.start({ folder: join(folder, name), env: { ...ENV, ...env } }), load: new Load() }
    opened.push(audience)
    await audience.load.ask({ do: 'seat', url: audience.server.url, apiKey: API_KEY, viewers: VIEWERS })
    return audience
  }
  const seconds = (short ? SHORT_MS : RUN_MS) / 1_000
  try {
    const local = await openAudience('local', {})
    const signed = await openAudience('signed', signingAt(standIn))
    return {
      async measure () {
        const tokens = { local: await tokensOf(local, seconds), signed: await tokensOf(signed, seconds) }
        const statistics = await statisticsOf(local.server, seconds)
        return {
          local: tokens.local.perSecond,
          'local-cpu': tokens.local.cpu,
          signed: tokens.signed.perSecond,
          'signed-cpu': tokens.signed.cpu,
          ratio: tokens.signed.cpu / tokens.local.cpu,
          statistics: statistics.perSecond,
          'statistics-cpu': statistics.cpu
        }
      },
      close
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Settings of a server that signs tokens itself, with a key that the stand-in knows. */
function signingAt (standIn: IvsStandIn): Record<string, string> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  const { region, endpoint, accessKeyId, secretAccessKey, whipEndpoint } = standIn.settings
  return {
    MASTER_STAGE_ARN: standIn.createStage('master-stage'),
    AWS_REGION: region,
    IVS_ENDPOINT: endpoint,
    IVS_ACCESS_KEY_ID: accessKeyId,
    IVS_SECRET_ACCESS_KEY: secretAccessKey,
    WHIP_ENDPOINT: whipEndpoint,
    IVS_SIGNING_KEY: privateKey,
    IVS_SIGNING_KEY_ARN: standIn.importPublicKey(publicKey)
  }
}

async function tokensOf ({ server, load }: Audience, seconds: number): Promise<Rate> {
  return await rateOf(server, async () => {
    const { asked, failed, ms } = (await load.ask({ do: 'refresh-tokens', forMs: seconds * 1_000 })).asked!
    if (failed > 0) throw new Error(`${failed} of ${asked} tokens were refused`)
    return { count: asked, seconds: ms / 1_000 }
  })
}

async function statisticsOf (server: StageServer, seconds: number): Promise<Rate> {
  return await rateOf(server, async () => {
    const count = await wrk({ url: `${server.url}/api/stats`, connections: STATISTICS_CONNECTIONS, seconds, processor: undefined, headers: { 'x-api-key': API_KEY } })
    return { count, seconds }
  })
}

async function rateOf ({ pid }: StageServer, run: () => Promise<{ count: number, seconds: number }>): Promise<Rate> {
  const before = await processorSeconds(pid)
  const { count, seconds } = await run()
  return { perSecond: count / seconds, cpu: (await processorSeconds(pid) - before) / count * 1e6 }
}
