import { randomUUID } from 'node:crypto'
import type { Channels } from '../../../src/platform/state/state.ts'
import { hallOf, type Asked, type HallMessage } from './hall-messages.ts'

const CHANNEL = 'rooms:answers'

/** What is asked of whichever server somebody is connected to, and what it answers. */
export class Questions {
  readonly #channels: Channels
  readonly #answerMs: number
  /** Those that nobody has answered yet. */
  readonly #open = new Map<string, (isAnswered: boolean) => void>()
  #unsubscribe: (() => Promise<void>) | undefined

  private constructor (channels: Channels, answerMs: number) {
    this.#channels = channels
    this.#answerMs = answerMs
  }

  /** @param answerMs what nobody has answered within so long concerns nobody */
  static async open (channels: Channels, answerMs: number): Promise<Questions> {
    const questions = new Questions(channels, answerMs)
    questions.#unsubscribe = await channels.subscribe(CHANNEL, question => questions.#open.get(question as string)?.(true))
    return questions
  }

  /** @returns whether a server has done it; false: they are connected to none */
  async ask (roomSid: string, asked: Pick<Asked, 'identity' | 'wish'>): Promise<boolean> {
    const question = randomUUID()
    const message: HallMessage = { kind: 'ask', question, ...asked }
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<boolean>((resolve, reject) => {
        this.#open.set(question, resolve)
        timer = setTimeout(() => resolve(false), this.#answerMs)
        this.#channels.publish(hallOf(roomSid), message).catch(reject)
      })
    } finally {
      clearTimeout(timer)
      this.#open.delete(question)
    }
  }

  async answer ({ question }: Asked): Promise<void> {
    await this.#channels.publish(CHANNEL, question)
  }

  /** Nobody answers any more. */
  async close (): Promise<void> {
    for (const settle of this.#open.values()) settle(false)
    await this.#unsubscribe?.()
  }
}
