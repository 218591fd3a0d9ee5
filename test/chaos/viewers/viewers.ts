import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Sample, Watched } from './hls-viewer.ts'
import type { SlowRead } from './slow-reader.ts'

export interface ViewerSeat {
  name: string
  /** Address of the playlist. */
  url: string
  /** Reads no faster than this; undefined: as fast as it comes. */
  bytesPerSecond?: number
}

export type Request =
  | { do: 'watch', viewers: ViewerSeat[] }
  | { do: 'leave', names: string[] }
  | { do: 'report' }

export interface Report {
  /** Requests answered since the last report. */
  samples: Sample[]
  watched: Watched[]
  slow: SlowRead[]
}

/** Viewers in a process of their own. */
export class Viewers {
  readonly #child: ChildProcess
  readonly #gone: Promise<void>
  readonly #asked = new Map<number, { resolve: (report: Report | undefined) => void, reject: (error: Error) => void }>()
  #lastId = 0

  constructor () {
    this.#child = fork(fileURLToPath(new URL('process.ts', import.meta.url)), [], { execArgv: ['--import', import.meta.resolve('tsx')], serialization: 'advanced' })
    this.#child.on('message', ({ id, report }: { id: number, report: Report | undefined }) => {
      this.#asked.get(id)?.resolve(report)
      this.#asked.delete(id)
    })
    this.#gone = new Promise(resolve => {
      this.#child.once('exit', () => {
        for (const { reject } of this.#asked.values()) reject(new Error('The viewers are gone'))
        resolve()
      })
    })
  }

  async watch (viewers: ViewerSeat[]): Promise<void> {
    await this.#ask({ do: 'watch', viewers })
  }

  async leave (names: string[]): Promise<void> {
    await this.#ask({ do: 'leave', names })
  }

  async report (): Promise<Report> {
    return (await this.#ask({ do: 'report' }))!
  }

  async stop (): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#gone
  }

  async #ask (request: Request): Promise<Report | undefined> {
    const id = ++this.#lastId
    return await new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject })
      this.#child.send({ ...request, id }, error => { if (error !== null) reject(error) })
    })
  }
}
