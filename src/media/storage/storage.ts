import { join } from 'node:path'
import type { Log } from '../../log.ts'
import { logName } from '../log-name.ts'
import { DiskWatch } from './disk-watch.ts'
import { StorageAccount } from './storage-account.ts'
import { finishRemovals, listStreamFolders, readContent, removeStream } from './stream-folders.ts'
import type { DiskState } from './watermarks.ts'

export interface StorageSettings {
  streamsDir: string
  diskLowBytes: number
  diskCriticalBytes: number
  diskCheckMs: number
  /** 0: no cap. */
  maxStorageBytes: number
}

export interface StorageOptions {
  settings: StorageSettings
  log: Log
  /** A stream on this key has not ended: its folder stays. */
  isRunning: (key: string) => boolean
  /** The folder of an ended stream is gone. */
  onRemoved: (key: string) => void
  /** What may be done has changed. */
  onChanged: (report: StorageReport) => void
  /** Free bytes of a folder; by default what the file system says. */
  measure?: (folder: string) => Promise<number>
}

export interface StorageReport {
  state: DiskState
  /** Null as long as it could not be found out. */
  freeBytes: number | null
  /** All streams together. */
  usedBytes: number
  /** 0: no cap. */
  maxBytes: number
}

/** Writes a segment, where there is room for it. */
export interface SegmentStore {
  /** @returns undefined when there is no room and none can be made: nothing was written. @throws what `write` throws */
  store <T> (bytes: number, write: () => Promise<T>): Promise<T | undefined>
}

/** Running streams may hold this share of MAX_STORAGE_BYTES before new ones are refused. */
const FULL_SHARE = 0.95
/** How often a folder is counted whose stream adds to it meanwhile; what was known of it then stays until the next time. */
const COUNT_TRIES = 3

/** The space that all streams share: what they use, what is left, and who has to go when there is too little. */
export class Storage {
  readonly #options: StorageOptions
  readonly #watch: DiskWatch
  readonly #account = new StorageAccount()
  #counted: Promise<void> = Promise.resolve()
  /** One at a time makes room. */
  #making: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor (options: StorageOptions) {
    const { settings, log, onChanged, measure } = options
    this.#options = options
    this.#watch = new DiskWatch({
      folder: settings.streamsDir,
      marks: { lowBytes: settings.diskLowBytes, criticalBytes: settings.diskCriticalBytes },
      intervalMs: settings.diskCheckMs,
      log,
      onChanged: () => onChanged(this.report),
      onChecked: async state => {
        if (state === 'critical') await this.#leaveCritical()
      },
      ...(measure === undefined ? {} : { measure })
    })
  }

  get report (): StorageReport {
    return {
      state: this.#watch.state,
      freeBytes: this.#watch.freeBytes ?? null,
      usedBytes: this.#account.total,
      maxBytes: this.#options.settings.maxStorageBytes
    }
  }

  /** Why no new stream may begin, for the person who wants to; undefined when one may. */
  get refusal (): string | undefined {
    const { diskLowBytes, maxStorageBytes } = this.#options.settings
    if (this.#watch.state !== 'ok') {
      return `The server's disk is nearly full: ${this.#watch.freeBytes ?? 0} bytes are free, and new streams need ${diskLowBytes} (DISK_LOW_BYTES). Try again later, or free some space on the server`
    }
    if (maxStorageBytes > 0 && this.#account.fixedBytes(this.#options.isRunning) >= maxStorageBytes * FULL_SHARE) {
      return `Running streams use up the ${maxStorageBytes} bytes that all streams may have (MAX_STORAGE_BYTES). Try again when one of them has ended, or raise the limit`
    }
    return undefined
  }

  /** Starts to watch the disk; the folders are counted behind the scenes. */
  async open (): Promise<void> {
    await finishRemovals(this.#options.settings.streamsDir)
    this.recount()
    await this.#watch.start()
  }

  /** Looks at the disk now: somebody has found it full. */
  async check (): Promise<void> {
    await this.#watch.check()
  }

  /** Counts what the folders hold, after something was added or removed elsewhere. Never fails. */
  recount (): Promise<void> {
    this.#counted = this.#counted.then(() => this.#count()).catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'the folders of the streams could not be counted')
    })
    return this.#counted
  }

  /** The store of one stream's segments. */
  storeOf (key: string): SegmentStore {
    return { store: (bytes, write) => this.#store(key, bytes, write) }
  }

  async close (): Promise<void> {
    this.#closed = true
    await this.#watch.stop()
    await Promise.all([this.#counted, this.#making])
  }

  async #store<T> (key: string, bytes: number, write: () => Promise<T>): Promise<T | undefined> {
    if (!await this.#admit(key, bytes)) return undefined
    let written = false
    try {
      const result = await write()
      written = true
      return result
    } finally {
      this.#account.settle(key, bytes, written)
    }
  }

  /** Takes so many bytes into account, once there is room. */
  async #admit (key: string, bytes: number): Promise<boolean> {
    const { maxStorageBytes } = this.#options.settings
    const fits = () => maxStorageBytes === 0 || this.#account.total + bytes <= maxStorageBytes
    if (maxStorageBytes > 0) await this.#counted
    for (;;) {
      // In step with the question: nobody else takes the room in between.
      if (fits()) {
        this.#account.begin(key, bytes)
        return true
      }
      if (!await this.#makeRoom(async () => fits(), 'MAX_STORAGE_BYTES')) return false
    }
  }

  async #leaveCritical (): Promise<void> {
    await this.#makeRoom(async () => await this.#watch.look() !== 'critical', 'DISK_CRITICAL_BYTES')
  }

  /** Removes the streams that ended longest ago until it is enough. @returns whether it is */
  #makeRoom (isEnough: () => Promise<boolean>, why: string): Promise<boolean> {
    const made = this.#making.then(async () => {
      while (!await isEnough()) {
        const key = await this.#removeOldest()
        if (key === undefined) return await isEnough()
        this.#options.log.warn({ removed: logName(key), why, ...this.report }, 'an ended stream was removed to make room')
      }
      return true
    })
    this.#making = made.catch(() => {})
    return made
  }

  async #removeOldest (): Promise<string | undefined> {
    const { settings: { streamsDir }, isRunning, onRemoved } = this.#options
    for (const { key } of await listStreamFolders(streamsDir)) {
      if (this.#closed) return undefined
      if (isRunning(key) || !await removeStream(streamsDir, key, () => !isRunning(key))) continue
      this.#account.remove(key)
      onRemoved(key)
      return key
    }
    return undefined
  }

  async #count (): Promise<void> {
    const { settings: { streamsDir }, isRunning } = this.#options
    const folders = await listStreamFolders(streamsDir)
    const seen = new Set(folders.map(({ key }) => key))
    for (const key of this.#account.keys) if (!seen.has(key) && !isRunning(key)) this.#account.remove(key)
    for (const { key } of folders) {
      if (this.#closed) return
      for (let tries = 0; tries < COUNT_TRIES; tries++) {
        const version = this.#account.versionOf(key)
        const content = await readContent(join(streamsDir, key), { sizes: true })
        if (content?.isStream !== true || this.#account.found(key, content, version)) break
      }
    }
  }
}
