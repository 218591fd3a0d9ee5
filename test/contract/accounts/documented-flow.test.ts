import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import t from 'tap'
import { startAccounts } from '../../fixtures/accounts-server.ts'

const run = promisify(execFile)

/** The commands of docs/accounts.md, as they stand there. */
async function documentedCommands (): Promise<string> {
  const text = await readFile(new URL('../../../docs/accounts.md', import.meta.url), 'utf8')
  return /```sh\n(.*?curl.*?)```/s.exec(text)![1]!
}

t.test('register, log in, profile and the rest, with curl, as the docs say', async t => {
  const server = await startAccounts(t, { accounts: { rateLimitMultiplier: 1 } })
  const folder = t.testdir()
  await writeFile(join(folder, 'me.png'), await sharp({ create: { width: 20, height: 20, channels: 3, background: '#fff' } }).png().toBuffer())
  const commands = (await documentedCommands()).replace('http://localhost:5050', server.url)
  t.ok(commands.includes(server.url), 'the address of the docs is that of the server')
  // Each command's answer on a line of its own.
  const { stdout } = await run('bash', ['-e', '-c', commands], { cwd: folder, env: { PATH: process.env.PATH } })
  const answers = stdout.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line))
  t.strictSame(answers.map(({ code }) => code), [201, 200, 200, 200, 200, 200, 200, 200])
  const [registered, profile, changed, picture, byCookie, renewed, over, forgotten] = answers
  t.match(registered.data, { username: 'alice', role: 'user' })
  t.match(profile.data, { username: 'alice', email: 'alice@example.com' })
  t.match(changed.data, { nickname: 'Alice' })
  t.match(picture.data.avatar_url, /^\/api\/v1\/avatars\//)
  t.match(byCookie.data, { nickname: 'Alice', avatar_url: picture.data.avatar_url })
  t.match(renewed.data, { token: String, refresh_token: String })
  t.equal(over.data, null)
  t.match(forgotten.data, { reset_token: String })
})
