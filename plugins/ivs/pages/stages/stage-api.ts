/** No success; the message is the API's own where it gave one. */
export class StageFailure extends Error {
  override readonly name = 'StageFailure'
  /** What is wrong with what was sent, in English; undefined where the message says it. */
  readonly reason: string | undefined

  constructor (message: string, reason?: string) {
    super(message)
    this.reason = reason
  }
}

/** The failure that somebody is told of, if it is one. */
export function stageFailure (error: unknown): StageFailure | undefined {
  return error instanceof StageFailure ? error : undefined
}

/** Longer, and there is no answer. */
const ANSWER_MS = 30_000

interface Answer {
  message?: string
  error?: { message: string, details?: { reason?: string } }
}

/** The part of the API that makes and deletes stages. */
export class StageApi {
  readonly #root: URL
  readonly #apiKey: string

  /** @param root the server's root */
  constructor (root: URL, apiKey: string) {
    this.#root = root
    this.#apiKey = apiKey
  }

  /** @throws StageFailure */
  async create (name: string): Promise<void> {
    await this.#ask('POST', 'api/stage', { name })
  }

  /** @returns what the API says @throws StageFailure */
  async delete (stageArn: string): Promise<string> {
    return (await this.#ask('DELETE', `api/stage/${encodeURIComponent(stageArn)}`)).message ?? ''
  }

  async #ask (method: string, path: string, body?: object): Promise<Answer> {
    try {
      const response = await fetch(new URL(path, this.#root), {
        method,
        signal: AbortSignal.timeout(ANSWER_MS),
        headers: { 'x-api-key': this.#apiKey, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      const answer = await response.json().catch(() => undefined) as Answer | undefined
      if (response.ok && answer !== undefined) return answer
      // Whatever stands between browser and server may have answered.
      throw new StageFailure(answer?.error?.message ?? `The server answered ${response.status}. Try again in a moment.`, answer?.error?.details?.reason)
    } catch (error) {
      throw error instanceof StageFailure ? error : new StageFailure('The server cannot be reached. Try again in a moment.')
    }
  }
}
