import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { launchChromium } from '../browser/chromium.ts'
import { openWatchPage } from '../browser/watch-page.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

t.test('a newcomer: a clean clone, a fresh home, npm ci, npm run demo, and the printed page plays', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-newcomer-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const [home, clone] = [join(folder, 'home'), join(folder, 'headwater')]
  await mkdir(home)
  // Without what npm hands down to its scripts: settings of this checkout, and this run's folder for temporary files.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|TAP)/i.test(name))
  const env = { ...Object.fromEntries(inherited), HOME: home, PORT: '0' }

  await run('git', ['clone', '--quiet', '--no-hardlinks', ROOT, clone], { env })
  const began = performance.now()
  await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: clone, env, maxBuffer: 10_000_000 })
  t.comment(`npm ci took ${((performance.now() - began) / 1000).toFixed(0)} s`)

  const demoBegan = performance.now()
  const demo = spawn('npm', ['run', '--silent', 'demo'], { cwd: clone, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  let over = false
  const gone = new Promise<{ code: number | null, signal: NodeJS.Signals | null }>(resolve => demo.once('close', (code, signal) => {
    over = true
    resolve({ code, signal })
  }))
  // A terminal sends it to npm and to all that it started.
  const ctrlC = () => process.kill(-demo.pid!, 'SIGINT')
  t.teardown(async () => {
    if (!over) ctrlC()
    await gone
  })
  const watchUrl = await new Promise<URL>((resolve, reject) => {
    createInterface(demo.stdout).on('line', line => {
      const address = /^\s*Watch\s+(http\S+)/.exec(line)?.[1]
      if (address !== undefined) resolve(new URL(address))
    })
    void gone.then(({ code, signal }) => reject(new Error(`the demo ended (${code ?? signal}) before it printed the page`)))
  })
  t.comment(`the demo printed its page after ${((performance.now() - demoBegan) / 1000).toFixed(1)} s`)

  const watch = await openWatchPage(t, await launchChromium(t), { url: watchUrl.origin }, watchUrl.pathname.split('/').at(-1)!)
  await watch.until({ stream: 'live', playback: 'playing' })
  const { mediaSeconds, seconds } = await watch.advance(10, 12)
  t.ok(mediaSeconds >= 10, `${mediaSeconds.toFixed(1)} s played in ${seconds.toFixed(1)} s`)
  t.strictSame((await watch.state()).errors.filter(({ fatal }) => fatal), [])

  ctrlC()
  const { code, signal } = await gone
  t.ok(code === 0 || signal === 'SIGINT', `Ctrl-C ends it, and npm says so (${code ?? signal})`)
})
