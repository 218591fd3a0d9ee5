import { HeadwaterError } from '../../errors/catalogue.ts'

const CHARACTERS = 200
/** `type/subtype`, then parameters (RFC 9110, 8.3.1), in printable ASCII: it becomes a header. */
const CONTENT_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: *;[\x20-\x7e]*)?$/

/** @throws HeadwaterError `INVALID_REQUEST` */
export function checkContentType (contentType: string): void {
  if (contentType.length > CHARACTERS || !CONTENT_TYPE.test(contentType)) throw new HeadwaterError('INVALID_REQUEST', { message: `An object needs a content type such as image/webp, of ${CHARACTERS} characters at most` })
}
