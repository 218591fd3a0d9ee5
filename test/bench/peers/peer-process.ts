import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const START_MS = 30_000

/** A small server as a process of its own. It says `{ port }` over IPC when it listens. */
export class PeerProcess {
  readonly url: string
  readonly #child: ChildProcess
  readonly #gone: Promise<void>

  /** @param name of its module in this folder @param folder where it may write @param more what else it is told */
  static async start (name: string, folder: string, ...more: string[]): Promise<PeerProcess> {
    const child = fork(fileURLToPath(new URL(`${name}.ts`, import.meta.url)), [folder, ...more])
    const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
    const port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        reject(new Error(`${name} does not listen within ${START_MS} ms`))
      }, START_MS)
      child.once('message', message => {
        clearTimeout(timer)
        resolve((message as { port: number }).port)
      })
      void gone.then(() => {
        clearTimeout(timer)
        reject(new Error(`${name} ended`))
      })
    })
    return new PeerProcess(child, gone, port)
  }

  private constructor (child: ChildProcess, gone: Promise<void>, port: number) {
    this.#child = child
    this.#gone = gone
    this.url = `http://127.0.0.1:${port}`
  }

  get pid (): number { return this.#child.pid! }

  async stop (): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#gone
  }
}
