import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readdir, readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { validate } from 'dockerfile-utils'
import { io } from 'socket.io-client'
import t from 'tap'
import { build } from './docker/build.ts'
import { contextFilter } from './docker/context.ts'
import { environmentOf, execForm, isCopy, lastOf, readDockerfile } from './docker/dockerfile.ts'
import { cleanEnvironment, folderFor, outputOf, PLAIN, ROOT, startProgram } from './project.ts'

const text = await readFile(join(ROOT, 'Dockerfile'), 'utf8')
const stages = readDockerfile(text)
const last = stages.at(-1)!
const volumes = lastOf(last, 'VOLUME')!.text.split(' ')
const runs = stages.flatMap(({ steps }) => steps).filter(({ keyword }) => keyword === 'RUN')

/** Exit code of the health check, with this port set. */
async function health (port: number): Promise<number | null> {
  const child = spawn('env', [...PLAIN, ...execForm(lastOf(last, 'HEALTHCHECK')!)], { env: { ...process.env, ...environmentOf(last), PORT: String(port) }, stdio: 'ignore' })
  const [code] = await once(child, 'close') as [number | null]
  return code
}

async function listen (status: number): Promise<{ port: number, asked: string[], close (): Promise<void> }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(status).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, asked, close: async () => { await once(server.close(), 'close') } }
}

t.test('the Dockerfile reads well', async t => {
  t.same(validate(text).map(({ message, range }) => `line ${range.start.line + 1}: ${message}`), [])
  t.ok(stages.length >= 2, 'what builds is not what runs')
  for (const { image } of stages) t.match(image, /^node:\d+-[a-z]+-slim$/, 'the version and the release of Debian are named')
  const keywords = last.steps.map(({ keyword }) => keyword)
  t.ok(keywords.lastIndexOf('USER') > keywords.lastIndexOf('RUN') && keywords.lastIndexOf('USER') < keywords.indexOf('CMD'), 'the user is set before the command')
  t.notMatch(lastOf(last, 'USER')?.text, /^(root|0)\b/)
  t.same(execForm(lastOf(last, 'CMD')!), ['node', 'dist/src/server.js'], 'nothing stands between Docker and the server, so signals arrive')
  t.equal(lastOf(last, 'ENTRYPOINT'), undefined)
  t.equal(execForm(lastOf(last, 'HEALTHCHECK')!)[0], 'node')
  t.equal(lastOf(last, 'STOPSIGNAL')?.text, 'SIGTERM')
  t.match(environmentOf(last), { NODE_ENV: 'production', HOST: '0.0.0.0', PORT: lastOf(last, 'EXPOSE')!.text })
  const { STREAMS_DIR: streams, DATA_DIR: data } = environmentOf(last)
  t.same(volumes, [streams, data], 'whatever is written is in a volume')
  t.notMatch(text, /(secret|password|token|_key)\s*=/i, 'there are no secrets in it')
  for (const { text } of runs.filter(({ text }) => text.includes('apt-get install'))) {
    t.match(text, /^apt-get update\s+&& apt-get install /)
    t.match(text, / --no-install-recommends /)
    t.match(text, /&& rm -rf \/var\/lib\/apt\/lists\/\*$/)
  }
  for (const { steps } of stages) {
    const install = steps.findIndex(({ text }) => text.startsWith('npm ci'))
    if (install === -1) continue
    t.same(steps.slice(0, install).filter(isCopy).flatMap(({ sources }) => sources), ['package.json', 'package-lock.json'], 'a change of the sources does not install anew')
  }
})

t.test('what reaches the build', async t => {
  const isSent = contextFilter(await readFile(join(ROOT, '.dockerignore'), 'utf8'))
  for (const path of ['package.json', 'package-lock.json', 'src/server.ts', 'plugins/web-ui/index.ts', 'scripts/copy-assets.ts', 'tsconfig.build.json']) t.ok(isSent(path), path)
  for (const path of ['.env', '.git/config', 'node_modules/fastify/package.json', 'streams/a/segment_0.ts', 'dist/src/server.js', 'test/house/imports.test.ts', 'plugins/web-ui/built/index.html', 'headwater-0.1.0.tgz']) t.notOk(isSent(path), path)
  const others = contextFilter('# all but one\nnode_modules\n**/*.log\n*.md\n!README.md\n')
  t.same(['a/b.log', 'b.log', 'docs/a.md', 'A.md', 'README.md', 'node_modules/a/b', 'a/node_modules/b'].filter(others), ['docs/a.md', 'README.md', 'a/node_modules/b'])
})

const fromDebian = runs.map(({ text }) => /apt-get install (?<args>[^&]+)/.exec(text)?.groups?.['args']).find(args => args !== undefined)!.trim().split(/\s+/)

t.test('FFmpeg is all that Debian brings', async t => {
  t.same(fromDebian.filter(word => !word.startsWith('-')), ['ffmpeg'])
})

// What Debian has only a Debian can say; the image's own build would say the same.
const hasApt = await outputOf('apt-get', ['--version'], ROOT).then(() => true, () => false)

t.test('and Debian has it', { skip: hasApt ? false : 'the image is Debian\'s, this machine is not' }, async t => {
  t.match(await outputOf('apt-get', ['install', '--simulate', ...fromDebian], ROOT), /ffmpeg/)
})

t.test('the health check tells ready from not ready', async t => {
  const ready = await listen(200)
  t.equal(await health(ready.port), 0)
  t.same(ready.asked, ['/readyz'])
  await ready.close()
  const busy = await listen(503)
  t.equal(await health(busy.port), 1, '503')
  await busy.close()
  t.equal(await health(busy.port), 1, 'nobody listens')
})

t.test('its steps, in clean folders: the server starts as somebody without rights, and ends when it is told', async t => {
  const folder = await folderFor(t, 'image')
  await chmod(folder, 0o755)
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? { uid: 65534, gid: 65534 } : { uid: process.getuid!(), gid: process.getgid!() }
  const env = cleanEnvironment()
  const { root, workdir, here } = await build(stages, ROOT, folder, user, { ...env, npm_config_prefer_offline: 'true' })

  t.same((await readdir(workdir)).sort(), ['LICENSE', 'dist', 'node_modules', 'package.json'])
  const installed = await readdir(join(workdir, 'node_modules'))
  t.same(['react', 'vite', 'typescript', 'tap', 'ffmpeg-static'].filter(name => installed.includes(name)), [], 'what only the build needs is not in it')
  for (const volume of volumes) t.equal((await stat(here(volume))).uid, user.uid, volume)

  const { port, close } = await listen(200)
  await close()
  const variables = Object.fromEntries(Object.entries(environmentOf(last)).map(([name, value]) => [name, here(value)]))
  const [command = '', ...args] = execForm(lastOf(last, 'CMD')!)
  // On this machine's own address alone, and on a port that is free.
  const { child, url, ended } = await startProgram(t, command, args, { cwd: workdir, env: { PATH: process.env['PATH'], ...variables, HOST: '127.0.0.1', PORT: String(port), JWT_SECRET: 'a secret that is long enough for a test', API_SECRET_KEY: 'a key of the API', LIVEKIT_API_SECRET: 'a secret of rooms that is long enough for a test' }, ...(isRoot ? user : {}) })
  t.equal((await fetch(`${url}/studio`)).status, 200)
  for (const volume of ['streams', 'data']) t.ok((await readdir(join(root, volume))).length > 0, `${volume}: it is in the volume`)
  t.equal(await health(port), 0, 'healthy')

  const client = io(url, { transports: ['websocket'], reconnection: false })
  await once(client as unknown as NodeJS.EventEmitter, 'connect')
  child.kill(lastOf(last, 'STOPSIGNAL')!.text as NodeJS.Signals)
  const { code, said } = await ended
  t.equal(code, 0, said)
  t.equal(await health(port), 1, 'unhealthy')
})
