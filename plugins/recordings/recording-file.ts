import { randomInt } from 'node:crypto'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { RecordedThing } from '../../src/recordings/recordings.ts'

export const RECORDING_TYPE = 'video/mp4'

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const FILE_NAME = /^(rec_[A-Za-z0-9]{16})\.mp4$/
const THING_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/** Nobody guesses it: the file route says nothing else about who may know of it. */
export function newRecordingId (): string {
  return `rec_${Array.from({ length: 16 }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join('')}`
}

/** Name of the file in addresses. */
export function fileNameOf (recordingId: string): string {
  return `${recordingId}.mp4`
}

/** The recording whose file has this name; undefined: no file of ours has it. */
export function recordingIdOf (fileName: string): string | undefined {
  return FILE_NAME.exec(fileName)?.[1]
}

/** Where the file is among the objects; a provider that records is told to write it there, too. */
export function pathOf ({ thingId, recordingId }: { thingId: string, recordingId: string }): string {
  return `rec/${thingId}/${fileNameOf(recordingId)}`
}

/** @throws HeadwaterError `INVALID_REQUEST` for a thing that cannot be part of a path */
export function checkThing ({ id }: RecordedThing): void {
  if (!THING_ID.test(id)) throw new HeadwaterError('INVALID_REQUEST', { message: 'The id of what is recorded has 1 to 100 letters, digits, dots, underscores and hyphens, and begins with a letter or digit' })
}
