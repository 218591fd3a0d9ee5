import type { FastifyInstance, FastifyServerOptions, RegisterOptions } from 'fastify'
import type { Test } from 'tap'
import { http, type Ask } from '../fixtures/http.ts'
import { childProcesses } from '../fixtures/processes.ts'
import { embed, embeddedAt, holderOf, listen, newFolder, newHost, type Embedded, type Registration, type What } from './host.ts'
import { tryBroadcast, tryErrors, tryLimit, tryPages } from './live.ts'

type Question = [path: string, asked?: Ask]

/** A kind of host. */
export interface Row {
  kind: string
  options?: FastifyServerOptions
  /** What the host has of its own, before one of ours and after. */
  before?: (app: FastifyInstance) => Promise<void> | void
  after?: (app: FastifyInstance) => Promise<void> | void
  /** And when it listens. */
  listening?: (app: FastifyInstance) => void
  registration?: Registration
  /** Where it then is, if not at the prefix as it is given. */
  at?: string
  /** Registered in a child of the host, which has this. */
  inside?: RegisterOptions
  /** Of the host, asked without and with one of ours. */
  ask?: Question[]
  /** Headers of its answers that count something. */
  counting?: string[]
  /** What is no request: has to hold with one of ours as well as without. */
  also?: (t: Test, url: string) => Promise<void>
  /** What this kind has beside the checks for all. */
  ours?: (t: Test, embedded: Embedded, app: FastifyInstance) => Promise<void>
}

const ASK: Question[] = [
  ['/own'],
  ['/own', { method: 'HEAD' }],
  ['/own', { method: 'OPTIONS', headers: { origin: 'https://example.org', 'access-control-request-method': 'POST' } }],
  ['/own', { method: 'DELETE' }],
  ['/own/broken'],
  ['/own/things', { method: 'POST', body: { count: 1, extra: true } }],
  ['/own/things', { method: 'POST', body: { count: '1' } }],
  ['/own/things', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"count":' }],
  ['/own/things', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '' }],
  ['/own/things', { method: 'POST', headers: { 'content-type': 'application/xml' }, body: '<a/>' }],
  ['/own/things', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(2 << 20) }],
  ['/missing'],
  ['/livestreams'],
  ['/%zz'],
  ['/own', { headers: { connection: 'upgrade', upgrade: 'h2c' } }]
]

/** Routes that every host has. */
function ownRoutes (app: FastifyInstance): void {
  app.get('/own', async request => ({ own: true, host: request.headers.host === undefined }))
  app.get('/own/broken', async () => { throw new Error('broken') })
  const body = { type: 'object', required: ['count'], additionalProperties: false, properties: { count: { type: 'integer' }, name: { type: 'string', default: 'none' } } }
  app.post('/own/things', { schema: { body } }, async request => request.body)
}

/** A host, with one of ours or alone. */
async function build (row: Row, register: ((app: FastifyInstance) => Promise<void>) | undefined): Promise<FastifyInstance> {
  const app = newHost(row.options)
  await row.before?.(app)
  ownRoutes(app)
  if (register !== undefined) {
    if (row.inside === undefined) await register(app)
    else await app.register(register, row.inside)
  }
  await row.after?.(app)
  return app
}

/** Status, headers and body of all that is asked of the host itself. */
async function answersOf (url: string, row: Row): Promise<unknown[]> {
  const answers: unknown[] = []
  for (const [path, asked] of [...ASK, ...row.ask ?? []]) {
    const question = `${asked?.method ?? 'GET'} ${path}`
    try {
      const { status, headers, text } = await http({ url }, path, asked)
      const kept = Object.entries(headers).filter(([name]) => name !== 'date' && row.counting?.includes(name) !== true)
      answers.push({ question, status, headers: Object.fromEntries(kept), text })
    } catch (error) {
      answers.push({ question, failed: (error as NodeJS.ErrnoException).code })
    }
  }
  return answers
}

async function tryCell (t: Test, row: Row, what: What, alone: unknown[]): Promise<void> {
  const streamsDir = await newFolder(t)
  const app = await build(row, async host => await embed(host, what, streamsDir, row.registration))
  const emit = Object.getPrototypeOf(app.server).emit
  const url = await listen(t, app)
  row.listening?.(app)
  const embedded = embeddedAt(t, url, { what, streamsDir, prefix: row.at ?? row.registration?.prefix ?? '' })
  t.strictSame(await answersOf(url, row), alone, 'the host answers as it does alone')
  await row.also?.(t, url)
  for (const transport of ['websocket', 'polling'] as const) await tryBroadcast(t, embedded, transport)
  await tryErrors(t, embedded)
  if (what === 'headwater') await tryPages(t, embedded)
  await row.ours?.(t, embedded, app)
  t.strictSame(await answersOf(url, row), alone, 'and so it does afterwards')
  await tryLimit(t, embedded)
  await app.close()
  t.equal(app.server.emit, emit, 'the server is as it was')
  t.equal(await holderOf(streamsDir), 'released', 'no lock')
  t.strictSame(childProcesses(/ffmpeg/), [], 'no process')
}

/** Everything of ours in every kind of host; the table is printed. */
export async function tryMatrix (t: Test, rows: Row[]): Promise<void> {
  const lines: string[] = []
  for (const row of rows) {
    await t.test(row.kind, async t => {
      const cells: string[] = []
      const host = await build(row, undefined)
      const url = await listen(t, host)
      row.listening?.(host)
      const alone = await answersOf(url, row)
      await row.also?.(t, url)
      await host.close()
      for (const what of ['livestream', 'headwater'] as const) {
        const from = performance.now()
        let passed = false
        await t.test(what, async t => {
          await tryCell(t, row, what, alone)
          passed = t.passing()
        })
        cells.push(`${passed ? 'ok' : 'failed'}, ${((performance.now() - from) / 1000).toFixed(1)} s`)
      }
      lines.push(`${row.kind} | ${cells.join(' | ')}`)
    })
  }
  t.comment('host | livestream | headwater')
  for (const line of lines) t.comment(line)
}
