import { HeadwaterError, type FieldProblem } from '../../../src/errors/catalogue.ts'
import type { TokenRequest } from '../provider.ts'
import { isMediaServer, mediaServerUserId } from './media-server.ts'

const MAX_USER_ID = 128
const MAX_ATTRIBUTES_BYTES = 1_024
const MAX_SECONDS = 1_209_600

/**
 * A request as AWS takes it, with the user id of a media server marked as one. AWS says what is wrong with a token only to
 * whoever joins with it, so it is looked at here.
 * @throws HeadwaterError `INVALID_REQUEST`
 */
export function checkedTokenRequest (request: TokenRequest): TokenRequest {
  const userId = request.role === 'mediaserver' ? mediaServerUserId(request.userId) : request.userId
  const problems = problemsOf({ ...request, userId })
  if (problems.length > 0) throw new HeadwaterError('INVALID_REQUEST', { message: problems.map(({ field, message }) => `${field} ${message}`).join('; '), fields: problems })
  return { ...request, userId }
}

function problemsOf ({ role, userId, lifeSeconds, attributes = {} }: TokenRequest): FieldProblem[] {
  return [
    ...(userId.length > MAX_USER_ID ? [{ field: 'userId', message: `is longer than ${MAX_USER_ID} characters` }] : []),
    // Otherwise nobody would see that it is live.
    ...(role !== 'mediaserver' && isMediaServer(userId) ? [{ field: 'userId', message: 'begins as those of media servers do' }] : []),
    ...(lifeSeconds >= 60 && lifeSeconds <= MAX_SECONDS ? [] : [{ field: 'lifeSeconds', message: `is not between 60 and ${MAX_SECONDS}` }]),
    ...(Buffer.byteLength(Object.entries(attributes).flat().join('')) > MAX_ATTRIBUTES_BYTES ? [{ field: 'attributes', message: `are longer than ${MAX_ATTRIBUTES_BYTES} bytes` }] : [])
  ]
}
