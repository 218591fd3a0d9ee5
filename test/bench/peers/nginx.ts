import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../fixtures/free-port.ts'
import { get } from '../../chaos/output.ts'

const START_MS = 5_000
const POLL_MS = 50

/** One process, files by sendfile, nothing logged, connections that stay. */
function configuration (folder: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `  ${name}_temp_path ${folder}/${name};`)
  return [
    'daemon off;', 'master_process off;', 'worker_processes 1;', `pid ${folder}/nginx.pid;`, 'error_log stderr crit;',
    'events { worker_connections 1024; }',
    'http {',
    ...temporary,
    '  access_log off;', '  sendfile on;', '  keepalive_requests 1000000000;', '  keepalive_timeout 1h;',
    '  types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; }',
    `  server { listen 127.0.0.1:${port}; root ${folder}/files; }`,
    '}', ''
  ].join('\n')
}

/** nginx with a configuration of its own, on the loopback device. Serves what is in `files`. */
export class Nginx {
  readonly url: string
  readonly #child: ChildProcess
  readonly #gone: Promise<void>

  /** @param program its path @param folder an empty one, where it may write */
  static async start (program: string, folder: string, files: ReadonlyMap<string, Buffer>): Promise<Nginx> {
    await mkdir(join(folder, 'files'), { recursive: true })
    for (const [name, bytes] of files) await writeFile(join(folder, 'files', name), bytes)
    const port = await freePort()
    const path = join(folder, 'nginx.conf')
    await writeFile(path, configuration(folder, port))
    const nginx = new Nginx(spawn(program, ['-p', folder, '-e', 'stderr', '-c', path], { stdio: ['ignore', 'ignore', 'inherit'] }), port)
    const until = performance.now() + START_MS
    while (!await get(`${nginx.url}/`).then(() => true, () => false)) {
      if (performance.now() > until) throw new Error('nginx does not answer')
      await delay(POLL_MS)
    }
    return nginx
  }

  private constructor (child: ChildProcess, port: number) {
    this.#child = child
    this.url = `http://127.0.0.1:${port}`
    const kill = () => { child.kill('SIGKILL') }
    process.once('exit', kill)
    this.#gone = new Promise(resolve => {
      child.once('error', () => resolve())
      child.once('exit', () => {
        process.off('exit', kill)
        resolve()
      })
    })
  }

  get pid (): number { return this.#child.pid! }

  async stop (): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#gone
  }
}
