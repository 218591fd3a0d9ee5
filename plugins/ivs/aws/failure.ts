import { answerOf } from '../../../src/aws-sdk.ts'
import { HeadwaterError, type ErrorCode } from '../../../src/errors/catalogue.ts'
import type { Operation } from './operations.ts'

/**
 * `refused`: our key, or what it may do. `broken`: AWS failed, or did not answer. `not-understood`: something answered
 * that is not AWS.
 */
export type FailureKind = 'throttled' | 'refused' | 'unverified' | 'missing' | 'quota' | 'conflict' | 'invalid' | 'broken' | 'not-understood'

const BY_NAME: Record<string, FailureKind> = {
  ThrottlingException: 'throttled',
  TooManyRequestsException: 'throttled',
  PendingVerification: 'unverified',
  ResourceNotFoundException: 'missing',
  ServiceQuotaExceededException: 'quota',
  ConflictException: 'conflict',
  ValidationException: 'invalid',
  CredentialsProviderError: 'refused'
}

/** A 404 without its name says nothing of a stage: it may be of anything that is in between. */
const BY_STATUS: Record<number, FailureKind> = { 401: 'refused', 402: 'quota', 403: 'refused', 429: 'throttled' }

const QUOTAS: Partial<Record<Operation, ErrorCode>> = {
  CreateStage: 'STAGE_LIMIT_REACHED',
  StartParticipantReplication: 'REPLICATION_LIMIT_REACHED'
}

const WHAT_TO_DO: Partial<Record<FailureKind, string>> = {
  refused: 'look at IVS_ACCESS_KEY_ID, IVS_SECRET_ACCESS_KEY and what that key may do',
  unverified: 'Amazon has to verify the account first',
  'not-understood': 'look at IVS_ENDPOINT'
}

/** When a throttled request may come again. */
const THROTTLED_MS = 1_000
const MAX_TEXT = 300

/** A request to AWS that failed. It holds nothing of the SDK's error, which knows too much for a log. */
export class AwsFailure extends Error {
  override readonly name = 'AwsFailure'
  readonly operation: Operation
  readonly kind: FailureKind
  readonly reason: string
  readonly isRepeatable: boolean

  constructor (operation: Operation, error: unknown) {
    const { status, reason } = answerOf(error)
    const kind = kindOf(status, reason)
    super(`${operation}: ${reason}${textOf(kind, error)}`)
    this.operation = operation
    this.kind = kind
    this.reason = reason
    // The SDK has set its clock by the answer: the same request is good now.
    this.isRepeatable = kind === 'throttled' || kind === 'broken' || (error as SdkError).$metadata?.clockSkewCorrected === true
  }

  /** Whether AWS may have done what it was asked for, though nobody can tell. */
  get mayBeDone (): boolean {
    return this.kind === 'broken' || this.kind === 'not-understood'
  }
}

interface SdkError {
  message?: string
  exceptionMessage?: string
  $metadata?: { clockSkewCorrected?: boolean }
}

function kindOf (status: number | undefined, reason: string): FailureKind {
  return BY_NAME[reason] ?? (status === undefined || status >= 500 ? 'broken' : BY_STATUS[status] ?? 'not-understood')
}

/** What AWS says to refused requests repeats parts of them. */
function textOf (kind: FailureKind, error: unknown): string {
  const { exceptionMessage, message } = error as SdkError
  return kind === 'refused' || kind === 'not-understood' ? '' : ` (${(exceptionMessage ?? message ?? '').slice(0, MAX_TEXT)})`
}

/** What a failure is to whoever uses stages. A problem that we have with AWS is never a 401 or 403 of theirs. */
export function errorOf (failure: AwsFailure): HeadwaterError {
  const { operation, kind, reason } = failure
  const toDo = WHAT_TO_DO[kind]
  const message = `AWS does not do ${operation}: ${reason}${toDo === undefined ? '' : ` (${toDo})`}`
  const problem = (code: ErrorCode) => new HeadwaterError(code, { message, cause: failure })
  if (kind === 'throttled') return new HeadwaterError('STAGES_UNAVAILABLE', { message, retryAfterMs: THROTTLED_MS, cause: failure })
  if (kind === 'missing') return new HeadwaterError('NOT_FOUND', { cause: failure })
  if (operation === 'CreateParticipantToken') return problem('TOKEN_GENERATION_FAILED')
  if (kind === 'quota') return problem(QUOTAS[operation] ?? 'STAGES_UNAVAILABLE')
  return problem(kind === 'invalid' && operation === 'CreateStage' ? 'INVALID_REQUEST' : 'STAGES_UNAVAILABLE')
}

/** @throws HeadwaterError for what AWS did not do */
export async function answered<T> (work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof AwsFailure ? errorOf(error) : error
  }
}

export function isFailure (error: unknown, kind: FailureKind): error is AwsFailure {
  return error instanceof AwsFailure && error.kind === kind
}

/** What is given instead of an answer, where it failed for one reason. */
export function unless<T> (kind: FailureKind, instead: T): (error: unknown) => T {
  return error => {
    if (isFailure(error, kind)) return instead
    throw error
  }
}
