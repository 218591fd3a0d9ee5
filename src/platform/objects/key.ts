import { HeadwaterError } from '../../errors/catalogue.ts'

/** S3 takes 1024 bytes. */
const KEY_CHARACTERS = 512
/** File systems take names of 255 bytes, and the disk adds to them. */
const PART_CHARACTERS = 200
const PART = /^[A-Za-z0-9._-]+$/
const SHOWN_CHARACTERS = 80

/** Whether an object may be called that: no way out of a folder, nothing that a header, an address or a log would have to escape. */
export function isKey (text: string): boolean {
  return text.length <= KEY_CHARACTERS && text.split('/').every(isPart)
}

function isPart (text: string): boolean {
  return text.length <= PART_CHARACTERS && PART.test(text) && text !== '.' && text !== '..'
}

/** Whether keys can begin with it. */
export function isKeyPrefix (text: string): boolean {
  return text === '' || isKey(text) || isKey(`${text}a`)
}

/** @throws HeadwaterError `INVALID_REQUEST` */
export function checkKey (key: string): void {
  if (!isKey(key)) throw new HeadwaterError('INVALID_REQUEST', { message: `No object can have the key ${shown(key)}: it takes parts of letters, digits, ".", "_" and "-", with "/" between them, ${PART_CHARACTERS} characters each and ${KEY_CHARACTERS} together` })
}

/** @throws HeadwaterError `INVALID_REQUEST` */
export function checkKeyPrefix (prefix: string): void {
  if (!isKeyPrefix(prefix)) throw new HeadwaterError('INVALID_REQUEST', { message: `No key can begin with ${shown(prefix)}` })
}

function shown (text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text)
}
