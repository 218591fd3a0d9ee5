import { Stateful } from '../../../../src/client/stateful.ts'
import { ApiFailure } from '../../../../src/page-parts/api/failure.ts'
import { failureText } from '../api/failure-text.ts'

export interface Looked<Found> {
  /** The last answer; undefined until the server has answered once. */
  readonly found: Found | undefined
  readonly isLooking: boolean
  /** Why the last question has no answer, in words. */
  readonly trouble: string | undefined
}

/** What the API answers to a question, which may be asked again. The last question counts. */
export class LookedUp<Question, Found> extends Stateful<Looked<Found>> {
  readonly #ask: (question: Question, signal: AbortSignal) => Promise<Found>
  #asking = new AbortController()

  constructor (ask: (question: Question, signal: AbortSignal) => Promise<Found>) {
    super({ found: undefined, isLooking: true, trouble: undefined })
    this.#ask = ask
  }

  /** At once: what is under way may be of another question, or from before a change. */
  async look (question: Question): Promise<void> {
    this.close()
    const { signal } = this.#asking = new AbortController()
    this.update({ isLooking: true })
    try {
      const found = await this.#ask(question, signal)
      if (!signal.aborted) this.update({ found, isLooking: false, trouble: undefined })
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ApiFailure)) throw error
      this.update({ isLooking: false, trouble: failureText(error) })
    }
  }

  /** Asks once more. A question that has no answer yet keeps its time: on a slow line there would never be one. */
  async refresh (question: Question): Promise<void> {
    if (!this.snapshot.isLooking) await this.look(question)
  }

  close (): void {
    this.#asking.abort()
  }
}
