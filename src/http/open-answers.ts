import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'

const LOOK_MS = 20

/**
 * Answers of a scope that are under way. A server that closes waits for each of them, and a viewer whose network is
 * gone never takes the rest of its segment.
 */
export class OpenAnswers {
  readonly #open = new Set<FastifyReply['raw']>()

  constructor (scope: FastifyInstance) {
    scope.addHook('onRequest', (_request, { raw }, done) => {
      this.#open.add(raw)
      raw.once('close', () => { this.#open.delete(raw) })
      done()
    })
  }

  /** Resolves when all have been taken. Who is not done after `waitMs` is cut off. */
  async end (waitMs: number): Promise<void> {
    const until = performance.now() + waitMs
    const waiting = () => [...this.#open].filter(({ writableFinished, destroyed }) => !writableFinished && !destroyed)
    while (waiting().length > 0 && performance.now() < until) await delay(LOOK_MS)
    for (const raw of waiting()) raw.destroy()
  }
}
