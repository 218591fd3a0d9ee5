import type { Log } from '../../log.ts'
import { freeBytes } from './free-space.ts'
import { diskState, type DiskState, type Watermarks } from './watermarks.ts'

export interface DiskWatchOptions {
  folder: string
  marks: Watermarks
  intervalMs: number
  log: Log
  /** What may be done has changed. */
  onChanged: () => void
  /** Called after each check; the next one waits for it. */
  onChecked: (state: DiskState) => Promise<void>
  /** Free bytes of a folder; by default what the file system says. */
  measure?: (folder: string) => Promise<number>
}

/** Looks now and then how much space is left, and says so when it changes what may be done. */
export class DiskWatch {
  readonly #options: DiskWatchOptions
  readonly #measure: (folder: string) => Promise<number>
  #state: DiskState = 'ok'
  #freeBytes: number | undefined
  #failed = false
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> | undefined

  constructor (options: DiskWatchOptions) {
    this.#options = options
    this.#measure = options.measure ?? freeBytes
  }

  get state (): DiskState { return this.#state }
  /** Undefined as long as it could not be found out. */
  get freeBytes (): number | undefined { return this.#freeBytes }

  /** Checks now, and from now on again and again. */
  async start (): Promise<void> {
    this.#timer = setInterval(() => { void this.check() }, this.#options.intervalMs)
    this.#timer.unref()
    await this.check()
  }

  /** Checks now; joins a check that is under way. Never fails. */
  check (): Promise<void> {
    this.#round ??= this.#check().finally(() => { this.#round = undefined })
    return this.#round
  }

  /** Measures only. @returns the state; the former one when nothing could be measured */
  async look (): Promise<DiskState> {
    const { folder, marks, log, onChanged } = this.#options
    const before = this.#state
    try {
      this.#freeBytes = await this.#measure(folder)
      this.#failed = false
    } catch (error) {
      if (!this.#failed) log.warn({ err: error }, 'free space could not be found out')
      this.#failed = true
      return before
    }
    this.#state = diskState(this.#freeBytes, marks, before)
    if (this.#state !== before) {
      const told = { state: this.#state, freeBytes: this.#freeBytes, ...marks }
      if (this.#state === 'ok') log.info(told, 'there is space on the disk again')
      else log.warn(told, this.#state === 'low' ? 'the disk is nearly full: no new streams' : 'the disk is nearly full: no new streams, and ended ones make room')
      onChanged()
    }
    return this.#state
  }

  async stop (): Promise<void> {
    clearInterval(this.#timer)
    await this.#round
  }

  async #check (): Promise<void> {
    try {
      await this.#options.onChecked(await this.look())
    } catch (error) {
      this.#options.log.error({ err: error }, 'what follows from the free space failed')
    }
  }
}
