import type { Log } from '../../log.ts'

/** Longest part of a statement that is logged. */
const LOGGED_CHARACTERS = 500

/** Logs statements that take too long. Never their values: those may be anybody's. */
export class SlowStatements {
  readonly #log: Log
  readonly #limitMs: number
  #quiet = false

  /** @param limitMs 0: none is logged */
  constructor (log: Log, limitMs: number) {
    this.#log = log
    this.#limitMs = limitMs
  }

  /** Logs nothing meanwhile: migrations may take their time. */
  async quietly (work: () => Promise<void>): Promise<void> {
    this.#quiet = true
    try {
      await work()
    } finally {
      this.#quiet = false
    }
  }

  /** Takes the time of a statement, however it ends: until its answer is there, which may have to wait for others. */
  async time<T> (statement: string, result: Promise<T>): Promise<T> {
    const began = performance.now()
    try {
      return await result
    } finally {
      const ms = Math.round(performance.now() - began)
      if (this.#limitMs > 0 && ms >= this.#limitMs && !this.#quiet) this.#log.warn({ ms, statement: statement.slice(0, LOGGED_CHARACTERS) }, 'slow statement')
    }
  }

  /** Takes the time of every statement that this client is given, and that it promises an answer to. */
  watch (client: { query: unknown }): void {
    const query = (client.query as (...args: unknown[]) => unknown).bind(client)
    client.query = (...args: unknown[]) => {
      const result = query(...args)
      return result instanceof Promise ? this.time(textOf(args[0]), result) : result
    }
  }
}

/** Clients take text, or an object that has it. */
function textOf (statement: unknown): string {
  return typeof statement === 'string' ? statement : String((statement as { text?: unknown } | undefined)?.text ?? '')
}
