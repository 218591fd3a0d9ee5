import { rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { appendWhole, JOURNAL, readText, writeWhole, type WriteOptions } from '../hls/files.ts'
import { encodeRecord, readJournal, type BroadcastRecord, type Journaled, type JournalRecord } from './records.ts'

/** It holds the resume token. */
const MODE = 0o600

/** The journal of one running stream, in the stream's folder. Calls must not overlap. */
export class Journal {
  readonly #folder: string
  readonly #writing: WriteOptions
  #length: number

  /** A new broadcast: replaces the journal of an earlier one. */
  static async create (folder: string, broadcast: BroadcastRecord, writing: WriteOptions): Promise<Journal> {
    const text = Buffer.from(encodeRecord(broadcast))
    await writeWhole(folder, JOURNAL, text, { ...writing, mode: MODE })
    return new Journal(folder, text.length, writing)
  }

  /** Goes on behind what was read. */
  static async reopen (folder: string, { length }: Journaled, writing: WriteOptions): Promise<Journal> {
    await truncate(join(folder, JOURNAL), length)
    return new Journal(folder, length, writing)
  }

  /** What an earlier server wrote about a stream that was not over; undefined where there is nothing of use. */
  static async read (folder: string): Promise<Journaled | undefined> {
    return readJournal(await readText(join(folder, JOURNAL)) ?? '')
  }

  /** The stream is over. */
  static async remove (folder: string): Promise<void> {
    await rm(join(folder, JOURNAL), { force: true })
  }

  private constructor (folder: string, length: number, writing: WriteOptions) {
    this.#folder = folder
    this.#length = length
    this.#writing = writing
  }

  /** @throws the file system's error; nothing is added then */
  async append (...records: JournalRecord[]): Promise<void> {
    this.#length = await appendWhole(join(this.#folder, JOURNAL), records.map(encodeRecord).join(''), this.#length, this.#writing)
  }
}
