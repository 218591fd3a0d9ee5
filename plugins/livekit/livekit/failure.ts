import { HeadwaterError, type ErrorCode } from '../../../src/errors/catalogue.ts'

/** What LiveKit is asked for, by the names of its API. */
export type Operation =
  | 'CreateRoom' | 'ListRooms' | 'DeleteRoom' | 'UpdateRoomMetadata'
  | 'ListParticipants' | 'UpdateParticipant' | 'RemoveParticipant' | 'SendData'
  | 'StartRoomCompositeEgress' | 'StopEgress' | 'ListEgress'

/**
 * `refused`: our key, or what it may do. `conflict`: not in this state. `no-recorder`: the server has no egress service.
 * `broken`: LiveKit failed, or did not answer. `not-understood`: something answered that is not LiveKit.
 */
export type FailureKind = 'throttled' | 'refused' | 'missing' | 'conflict' | 'invalid' | 'no-recorder' | 'broken' | 'not-understood'

/** Codes of Twirp. One that is not there is taken by its status. */
const BY_CODE: Record<string, FailureKind> = {
  resource_exhausted: 'throttled',
  unauthenticated: 'refused',
  permission_denied: 'refused',
  not_found: 'missing',
  failed_precondition: 'conflict',
  already_exists: 'conflict',
  invalid_argument: 'invalid',
  malformed: 'invalid',
  out_of_range: 'invalid',
  deadline_exceeded: 'broken',
  canceled: 'broken',
  aborted: 'broken',
  bad_route: 'not-understood',
  unimplemented: 'not-understood'
}

/** A 404 without a code says nothing of a room: it may be of anything that is in between. */
const BY_STATUS: Record<number, FailureKind> = { 401: 'refused', 403: 'refused', 408: 'broken', 429: 'throttled' }

/** Of `fetch`, when nobody answered, in time or before this server closes. */
const NO_ANSWER: ReadonlyArray<string | undefined> = ['TypeError', 'TimeoutError', 'AbortError']

const MISSING: Partial<Record<Operation, ErrorCode>> = {
  UpdateParticipant: 'PARTICIPANT_NOT_FOUND',
  RemoveParticipant: 'PARTICIPANT_NOT_FOUND',
  StopEgress: 'RECORDING_NOT_FOUND',
  ListEgress: 'RECORDING_NOT_FOUND'
}

const WHAT_TO_DO: Partial<Record<FailureKind, string>> = {
  refused: 'look at LIVEKIT_API_KEY and LIVEKIT_API_SECRET',
  'no-recorder': "LiveKit's egress service has to run beside it, on the same Redis",
  'not-understood': 'look at LIVEKIT_URL'
}

/** When a throttled request may come again. */
const THROTTLED_MS = 1_000
const MAX_TEXT = 300

/** A request to LiveKit that failed. */
export class LivekitFailure extends Error {
  override readonly name = 'LivekitFailure'
  readonly operation: Operation
  readonly kind: FailureKind
  /** A code or a status; without addresses and keys. */
  readonly reason: string

  constructor (operation: Operation, error: unknown) {
    const answer = error as SdkError
    const kind = kindOf(operation, answer)
    const reason = reasonOf(answer)
    super(`${operation}: ${reason}${textOf(kind, answer)}`)
    this.operation = operation
    this.kind = kind
    this.reason = reason
  }

  /** Whether LiveKit may have done what it was asked for, though nobody can tell. */
  get mayBeDone (): boolean {
    return this.kind === 'broken' || this.kind === 'not-understood'
  }

  /** Whether another try makes sense. What must not be done twice is tried again only where it was surely not done. */
  get isRepeatable (): boolean {
    return this.kind === 'throttled' || (this.kind === 'broken' && this.operation !== 'SendData' && this.operation !== 'StartRoomCompositeEgress')
  }
}

/** Of the SDK (`status`), or of `fetch`. */
interface SdkError {
  name?: string
  message?: string
  status?: number
  code?: unknown
  cause?: { code?: unknown }
}

function kindOf (operation: Operation, { name, message, status, code }: SdkError): FailureKind {
  if (status === undefined) return NO_ANSWER.includes(name) ? 'broken' : 'not-understood'
  if (operation.endsWith('Egress') && code === 'internal' && /egress not connected/.test(message ?? '')) return 'no-recorder'
  const byCode = typeof code === 'string' ? BY_CODE[code] : undefined
  return byCode ?? BY_STATUS[status] ?? (status >= 500 ? 'broken' : 'not-understood')
}

function reasonOf ({ name, status, code, cause }: SdkError): string {
  if (status !== undefined) return typeof code === 'string' ? code : `status ${status}`
  if (name === 'TimeoutError') return 'no answer in time'
  if (name === 'AbortError') return 'this server closes'
  return typeof cause?.code === 'string' ? cause.code : name ?? 'unknown'
}

/** What is said to refused requests repeats parts of them, and what is not LiveKit says anything. */
function textOf (kind: FailureKind, { status, message }: SdkError): string {
  return status === undefined || kind === 'refused' || kind === 'not-understood' ? '' : ` (${(message ?? '').slice(0, MAX_TEXT)})`
}

/** What a failure is to whoever uses rooms. A problem that we have with LiveKit is never a 4xx of theirs. */
export function errorOf (failure: LivekitFailure): HeadwaterError {
  const { operation, kind, reason } = failure
  const toDo = WHAT_TO_DO[kind]
  const problem = (code: ErrorCode, more: { retryAfterMs?: number } = {}) => new HeadwaterError(code, { message: `LiveKit does not do ${operation}: ${reason}${toDo === undefined ? '' : ` (${toDo})`}`, cause: failure, ...more })
  switch (kind) {
    case 'missing': return new HeadwaterError(MISSING[operation] ?? 'ROOM_NOT_FOUND', { cause: failure })
    case 'throttled': return problem('ROOMS_UNAVAILABLE', { retryAfterMs: THROTTLED_MS })
    case 'no-recorder': return problem('RECORDING_NOT_POSSIBLE')
    case 'invalid': return problem('INTERNAL_ERROR')
    default: return problem('ROOMS_UNAVAILABLE')
  }
}

/** @throws HeadwaterError for what LiveKit did not do */
export async function answered<T> (work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof LivekitFailure ? errorOf(error) : error
  }
}

/** What is given instead of an answer, where it failed for one of these reasons. */
export function unless<T> (kinds: readonly FailureKind[], instead: T): (error: unknown) => T {
  return error => {
    if (error instanceof LivekitFailure && kinds.includes(error.kind)) return instead
    throw error
  }
}
