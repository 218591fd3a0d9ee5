import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { broadcast } from '../../scripts/broadcaster/broadcast.ts'
import { provide } from '../../scripts/provide/provide.ts'
import { freePort } from '../fixtures/free-port.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { startServer } from '../fixtures/server.ts'
import { folderFor, ROOT } from './project.ts'

const nginxPath = await provide('nginx')

t.test('a broadcast and its playlist go through nginx as docs/examples/nginx.conf has it', async t => {
  const server = await startServer(t, { standalone: true })
  const folder = await folderFor(t, 'nginx')
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'temporary'))
  const port = await freePort()
  const example = await readFile(join(ROOT, 'docs/examples/nginx.conf'), 'utf8')
  // Without a certificate, and on addresses of this test.
  const ours = example
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
    .replaceAll(/^ *ssl_.*\n/gm, '')
    .replace('server 127.0.0.1:5050;', `server ${new URL(server.url).host};`)
  t.not(ours, example)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${join(folder, 'temporary', name)};`).join('\n')
  await writeFile(join(folder, 'nginx.conf'), `pid ${join(folder, 'pid')};\nevents {}\nhttp {\naccess_log ${join(folder, 'access.log')};\n${temporary}\n${ours}\n}\n`)
  const nginx = spawn(nginxPath, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off; master_process off;'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const complaints: string[] = []
  nginx.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text))
  const ended = once(nginx, 'close')
  t.teardown(async () => {
    nginx.kill('SIGTERM')
    await ended
  })

  const url = `http://127.0.0.1:${port}`
  for (;;) {
    if (nginx.exitCode !== null) throw new Error(`nginx ended: ${complaints.join('')}`)
    if (await fetch(url).then(({ ok }) => ok, () => false)) break
  }
  const { reason, reconnects } = await broadcast({ url, streamKey: 'proxied', userId: 'me', source: { kind: 'generated' }, width: 160, height: 90, frameRate: 15, videoKbps: 100, chunkMs: 100, seconds: 2 })
  t.match({ reason, reconnects }, { reason: 'ended by owner', reconnects: 0 })
  const playlist = readPlaylist(await (await fetch(`${url}/livestream/proxied/stream.m3u8`)).text())
  t.ok(playlist.ended && playlist.segments.length > 0)
  t.match(await readFile(join(folder, 'access.log'), 'utf8'), /"GET \/socket\.io\/\?\S*transport=websocket\S* HTTP\/1\.1" 101 /, 'as a WebSocket')
})
