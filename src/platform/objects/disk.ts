import { constants } from 'node:fs'
import { access, mkdir, open, rename, rm, rmdir, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import type { PlatformConfig } from '../../config/platform.ts'
import { HeadwaterError } from '../../errors/catalogue.ts'
import { isMissing, isOutOfSpace } from '../../errors/file-system.ts'
import type { Log } from '../../log.ts'
import { rangeWithin } from './byte-range.ts'
import { checkContentType } from './content-type.ts'
import { fileOfKey, keysInOrder } from './disk-keys.ts'
import { checkKey } from './key.ts'
import { listQuery } from './list-query.ts'
import { readSeal, writeObject } from './object-file.ts'
import type { ByteRange, ListedObject, ListOptions, ObjectInfo, ObjectPage, Objects, PutOptions, StoredObject } from './objects.ts'
import { piecesOf } from './pieces.ts'
import { Transfers } from './transfers.ts'
import { Unfinished } from './unfinished.ts'

export type DiskSettings = Pick<PlatformConfig, 'dataDir' | 'maxObjectBytes'>

/** Below DATA_DIR. */
const FOLDER = 'objects'
const FILES = 'files'
/** In the same file system: a finished file is only renamed. */
const UNFINISHED = 'unfinished'
/** Files that a list looks into at a time. */
const BATCH = 32
/** How often a put makes its folder, which a delete may find empty and remove. */
const FOLDER_TRIES = 100

/**
 * Objects in files below DATA_DIR. Several servers of one machine may use them together.
 * @throws HeadwaterError `CONFIG_INVALID` when the folder cannot be written to
 */
export async function openDisk ({ dataDir, maxObjectBytes }: DiskSettings, log: Log): Promise<Objects> {
  const folder = join(dataDir, FOLDER)
  try {
    await mkdir(join(folder, FILES), { recursive: true })
    await mkdir(join(folder, UNFINISHED), { recursive: true })
    await access(join(folder, UNFINISHED), constants.W_OK)
    const unfinished = await Unfinished.in(join(folder, UNFINISHED))
    const removed = await unfinished.removeLeftovers()
    if (removed > 0) log.info({ removed }, 'objects that were never finished were removed')
    return new DiskObjects(folder, unfinished, maxObjectBytes, log)
  } catch (error) {
    throw new HeadwaterError('CONFIG_INVALID', { message: `The folder of objects (DATA_DIR), ${folder}, cannot be used: ${(error as Error).message}. Name a folder that this server may write to`, cause: error })
  }
}

class DiskObjects implements Objects {
  readonly kind = 'disk'
  readonly #folder: string
  readonly #files: string
  readonly #unfinished: Unfinished
  readonly #maxBytes: number
  readonly #log: Log
  readonly #transfers = new Transfers()

  constructor (folder: string, unfinished: Unfinished, maxBytes: number, log: Log) {
    this.#folder = folder
    this.#files = join(folder, FILES)
    this.#unfinished = unfinished
    this.#maxBytes = maxBytes
    this.#log = log
  }

  async put (key: string, body: Uint8Array | Readable, { contentType }: PutOptions): Promise<ObjectInfo> {
    return await this.#transfers.put(body, async () => {
      checkKey(key)
      checkContentType(contentType)
      const temporary = this.#unfinished.next()
      try {
        const file = await open(temporary, 'wx')
        let info: ObjectInfo
        try {
          info = { key, ...await writeObject(file, piecesOf(body, this.#maxBytes), contentType) }
        } finally {
          await file.close()
        }
        await this.#moveTo(key, temporary)
        return info
      } catch (error) {
        await rm(temporary, { force: true })
        throw isOutOfSpace(error) ? new HeadwaterError('STORAGE_FULL', { message: 'There is no space on the disk for the object', cause: error }) : error
      }
    })
  }

  async get (key: string, range?: ByteRange): Promise<StoredObject | undefined> {
    const found = await this.#open(key)
    if (found === undefined) return undefined
    const { file, info } = found
    try {
      if (range === undefined && info.bytes === 0) {
        await file.close()
        return { ...info, body: Readable.from([]) }
      }
      const { start, end } = rangeWithin(range ?? { start: 0, end: info.bytes - 1 }, info.bytes)
      return { ...info, body: this.#transfers.read(file.createReadStream({ start, end })) }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async info (key: string): Promise<ObjectInfo | undefined> {
    const found = await this.#open(key)
    await found?.file.close()
    return found?.info
  }

  async list (prefix: string, options?: ListOptions): Promise<ObjectPage> {
    const query = listQuery(prefix, options)
    const objects: ListedObject[] = []
    let keys: string[] = []
    const look = async () => {
      for (const info of await Promise.all(keys.map(key => this.info(key)))) {
        // It may have been deleted since.
        if (info !== undefined) objects.push({ key: info.key, bytes: info.bytes, etag: info.etag, modifiedAt: info.modifiedAt })
      }
      keys = []
    }
    for await (const key of keysInOrder(this.#files, query)) {
      keys.push(key)
      if (keys.length < Math.min(BATCH, query.limit + 1 - objects.length)) continue
      await look()
      // One more than a page: there is another one.
      if (objects.length > query.limit) break
    }
    await look()
    const page = objects.slice(0, query.limit)
    return { objects: page, next: objects.length > query.limit ? page.at(-1)?.key : undefined }
  }

  async delete (key: string): Promise<void> {
    checkKey(key)
    try {
      await unlink(this.#path(key))
    } catch (error) {
      if (isMissing(error)) return
      throw error
    }
    await this.#removeEmptyFolders(dirname(key))
  }

  /** Only this server can give them out. */
  async signedUrl (key: string): Promise<undefined> {
    checkKey(key)
  }

  async trouble (): Promise<string | undefined> {
    try {
      await access(join(this.#folder, UNFINISHED), constants.W_OK)
      await access(this.#files, constants.W_OK)
      return undefined
    } catch (error) {
      return `The folder of objects cannot be written to: ${(error as NodeJS.ErrnoException).code}`
    }
  }

  async close (): Promise<void> {
    await this.#transfers.end()
  }

  #path (key: string): string {
    return join(this.#files, fileOfKey(key))
  }

  /** The file of an object, and what stands in it; undefined when there is none. */
  async #open (key: string): Promise<{ file: FileHandle, info: ObjectInfo } | undefined> {
    checkKey(key)
    let file: FileHandle
    try {
      file = await open(this.#path(key), 'r')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
    try {
      const sealed = await readSeal(file)
      if (sealed !== undefined) return { file, info: { key, ...sealed } }
    } catch (error) {
      await file.close()
      throw error
    }
    await file.close()
    this.#log.warn({ key }, 'the file of an object is damaged: it counts as none')
    return undefined
  }

  /** From here on it is what the key stands for. */
  async #moveTo (key: string, temporary: string): Promise<void> {
    const path = this.#path(key)
    for (let tries = 1; ; tries++) {
      try {
        await mkdir(dirname(path), { recursive: true })
        await rename(temporary, path)
        return
      } catch (error) {
        if (!isMissing(error) || tries === FOLDER_TRIES) throw error
      }
    }
  }

  /** From a folder of keys upwards, as long as they are empty. */
  async #removeEmptyFolders (folder: string): Promise<void> {
    for (let path = folder; path !== '.'; path = dirname(path)) {
      try {
        await rmdir(join(this.#files, path))
      } catch (error) {
        if (isMissing(error) || isInUse(error)) return
        throw error
      }
    }
  }
}

function isInUse (error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')
}
