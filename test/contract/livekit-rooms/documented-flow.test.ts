import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import type { Config } from '../../../src/config/schema.ts'
import { http } from '../../fixtures/http.ts'
import { startStandalone } from '../../fixtures/standalone.ts'
import { LivekitStandIn } from '../../stand-ins/livekit/stand-in.ts'

const run = promisify(execFile)

/** The commands of docs/livekit.md, as they stand there. */
async function documentedCommands (): Promise<string> {
  const text = await readFile(new URL('../../../docs/livekit.md', import.meta.url), 'utf8')
  return /## Open rooms\n.*?```sh\n(.*?)```/s.exec(text)![1]!
}

const startServer = async (t: Test, livekit: Partial<Config['livekit']>) => await startStandalone(t, { livekit, accounts: { enabled: 'off' }, ivs: { enabled: 'off' }, liveSessions: { enabled: 'off' } })

/** docs/api/livekit-rooms.md, 7, with curl as the docs say. */
async function goThrough (t: Test, url: string, address: string): Promise<void> {
  const commands = (await documentedCommands()).replace('http://localhost:5050', url)
  t.ok(commands.includes(url), 'the address of the docs is that of the server')
  const { stdout } = await run('bash', ['-e', '-c', commands], { env: { PATH: process.env.PATH } })
  const [joined, room, { rooms, total }, health] = stdout.trim().split('\n').map(line => JSON.parse(line))
  t.match(joined, { token: /^eyJhbGciOiJIUzI1NiJ9\./, url: address })
  t.match(room, { roomId: /^room-\d{10}-[0-9a-z]{6}$/, roomTopic: 'Test Room', description: '', maxParticipants: 20, createdBy: 'host-user' })
  t.strictSame({ rooms, total }, { rooms: [room], total: 1 })
  t.match(health, { status: 'ok' })
}

t.test('the whole server, on its own', async t => {
  const { url } = await startServer(t, {})
  await goThrough(t, url, url.replace('http', 'ws'))
  for (const [method, path] of [['GET', '/api/room'], ['GET', '/api/room/a/b'], ['PUT', '/api/rooms'], ['GET', '/api/token'], ['GET', '/api/room/%zz']] as const) {
    const answer = await http({ url }, path, { method })
    t.strictSame(Object.keys(answer.json), ['statusCode', 'message'], `X-02: ${method} ${path} is this API's`)
    t.match(answer, { status: answer.json.statusCode, headers: { 'access-control-allow-origin': '*' } })
  }
  t.match((await http({ url }, '/api/token/publisher')).json, { code: 'NOT_FOUND' }, "another API's")
  t.equal((await http({ url }, `/api/room/${'x'.repeat(256)}`)).json.message, 'Failed to get room: Room not found', 'as long as a name may be')
})

t.test('the whole server, with LiveKit', async t => {
  const livekit = await LivekitStandIn.start(t)
  const { url } = await startServer(t, livekit.settings)
  await goThrough(t, url, livekit.url.replace('http', 'ws'))
  t.equal(livekit.asked('CreateRoom'), 1)
})
