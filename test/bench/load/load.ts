import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { AskedReport, AudienceOptions, BeatOptions } from './audience.ts'
import type { BroadcastReport } from './broadcast.ts'
import type { Delivery } from './followers.ts'

interface Sending {
  url: string
  /** Stream keys, one for each broadcast. */
  names: string[]
  /** The recording's file. */
  path: string
  chunkMs: number
}

export type Request =
  /** One after the other. */
  | { do: 'broadcast', everyMs: number } & Sending
  | { do: 'report' }
  | { do: 'end' }
  /** The same, each ended when its first playlist came. */
  | { do: 'first-playlists', everyMs: number } & Sending
  /** Viewers, in place of those before them, who get a seat each. */
  | { do: 'seat' } & AudienceOptions
  | { do: 'beat' } & BeatOptions
  | { do: 'refresh-tokens', forMs: number }
  /** Clients of `/ws` that connect, and then follow statistics. */
  | { do: 'connect', url: string, clients: number }
  | { do: 'subscribe' }
  | { do: 'deliveries' }

export interface Answer {
  reports?: BroadcastReport[]
  milliseconds?: number[]
  asked?: AskedReport
  deliveries?: Delivery[]
}

/** Broadcasters, viewers and followers in a process of their own. */
export class Load {
  readonly #child: ChildProcess
  readonly #gone: Promise<void>
  readonly #asked = new Map<number, { resolve: (answer: Answer) => void, reject: (error: Error) => void }>()
  #lastId = 0

  constructor () {
    this.#child = fork(fileURLToPath(new URL('process.ts', import.meta.url)), [], { execArgv: ['--import', import.meta.resolve('tsx')] })
    this.#child.on('message', ({ id, result, complaint }: { id: number, result: Answer | undefined, complaint: string | undefined }) => {
      if (result === undefined) this.#asked.get(id)?.reject(new Error(complaint))
      else this.#asked.get(id)?.resolve(result)
      this.#asked.delete(id)
    })
    this.#gone = new Promise(resolve => {
      this.#child.once('exit', () => {
        for (const { reject } of this.#asked.values()) reject(new Error('The load is gone'))
        resolve()
      })
    })
  }

  async ask (request: Request): Promise<Answer> {
    const id = ++this.#lastId
    return await new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject })
      this.#child.send({ ...request, id }, error => { if (error !== null) reject(error) })
    })
  }

  async reports (): Promise<BroadcastReport[]> {
    return (await this.ask({ do: 'report' })).reports!
  }

  async stop (): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#gone
  }
}
