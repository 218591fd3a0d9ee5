import { Worker } from 'node:worker_threads'

/** A case that has not ended after this will not end. */
const HANG_MS = 60_000

/** Runs beside the cases, because one that never ends leaves its own thread no time. */
const WATCH = `
  const { workerData: { count, names, hangMs } } = require('node:worker_threads')
  const { writeSync } = require('node:fs')
  let last = -1
  let since = performance.now()
  setInterval(() => {
    const now = Atomics.load(count, 0)
    if (now !== last || now < 0) {
      last = now
      since = performance.now()
    } else if (performance.now() - since > hangMs) {
      const length = names.indexOf(0)
      writeSync(2, 'A case does not end: ' + Buffer.from(names.subarray(0, length)).toString() + ', case ' + now + '\\n')
      process.kill(process.pid, 'SIGKILL')
    }
  }, 1000)
`

/** Ends the process when a case never ends, saying which one. */
export class Watchdog {
  /** The case under way; below zero while none is. */
  readonly #count = new Int32Array(new SharedArrayBuffer(4)).fill(-1)
  readonly #names = new Uint8Array(new SharedArrayBuffer(256))
  readonly #worker = new Worker(WATCH, { eval: true, workerData: { count: this.#count, names: this.#names, hangMs: HANG_MS } })

  begin (id: string, seed: number): void {
    this.#names.fill(0).set(Buffer.from(`${id}, seed ${seed}`))
    this.rest()
  }

  step (): void {
    Atomics.add(this.#count, 0, 1)
  }

  /** No case is under way. */
  rest (): void {
    Atomics.store(this.#count, 0, -1)
  }

  async close (): Promise<void> {
    await this.#worker.terminate()
  }
}
