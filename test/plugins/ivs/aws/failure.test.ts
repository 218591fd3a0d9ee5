import t from 'tap'
import { AwsFailure, errorOf } from '../../../../plugins/ivs/aws/failure.ts'
import type { Operation } from '../../../../plugins/ivs/aws/operations.ts'

interface SdkError {
  name?: string
  status?: number
  exceptionMessage?: string
  code?: string
  clockSkewCorrected?: boolean
}

function failure (operation: Operation, { name = 'Error', status, exceptionMessage, code, clockSkewCorrected }: SdkError): AwsFailure {
  return new AwsFailure(operation, Object.assign(new Error('UnknownError'), { name, exceptionMessage, code, $metadata: { httpStatusCode: status, clockSkewCorrected } }))
}

t.test('what each failure is to whoever uses stages', async t => {
  const cases: Array<[Operation, SdkError, string]> = [
    ['CreateStage', { name: 'ServiceQuotaExceededException', status: 402 }, 'STAGE_LIMIT_REACHED'],
    ['StartParticipantReplication', { name: 'ServiceQuotaExceededException', status: 402 }, 'REPLICATION_LIMIT_REACHED'],
    ['CreateParticipantToken', { name: 'ServiceQuotaExceededException', status: 402 }, 'TOKEN_GENERATION_FAILED'],
    ['CreateParticipantToken', { name: 'AccessDeniedException', status: 403 }, 'TOKEN_GENERATION_FAILED'],
    ['CreateParticipantToken', { name: 'ValidationException', status: 400 }, 'TOKEN_GENERATION_FAILED'],
    ['CreateParticipantToken', { name: 'InternalServerException', status: 500 }, 'TOKEN_GENERATION_FAILED'],
    ['CreateParticipantToken', { name: 'TimeoutError' }, 'TOKEN_GENERATION_FAILED'],
    ['CreateParticipantToken', { name: 'ThrottlingException', status: 429 }, 'STAGES_UNAVAILABLE'],
    ['CreateParticipantToken', { name: 'ResourceNotFoundException', status: 404 }, 'NOT_FOUND'],
    ['CreateStage', { name: 'ValidationException', status: 400 }, 'INVALID_REQUEST'],
    ['GetStage', { name: 'ValidationException', status: 400 }, 'STAGES_UNAVAILABLE'],
    ['GetStage', { name: 'ResourceNotFoundException', status: 404 }, 'NOT_FOUND'],
    ['GetStage', { name: 'SomethingElse', status: 404 }, 'STAGES_UNAVAILABLE'],
    ['GetStage', { name: 'ThrottlingException', status: 429 }, 'STAGES_UNAVAILABLE'],
    ['GetStage', { name: 'UnrecognizedClientException', status: 403 }, 'STAGES_UNAVAILABLE'],
    ['GetStage', { name: 'ExpiredTokenException', status: 401 }, 'STAGES_UNAVAILABLE'],
    ['GetStage', { name: 'CredentialsProviderError' }, 'STAGES_UNAVAILABLE'],
    ['CreateStage', { name: 'PendingVerification', status: 403 }, 'STAGES_UNAVAILABLE'],
    ['DeleteStage', { name: 'ConflictException', status: 409 }, 'STAGES_UNAVAILABLE'],
    ['ListStages', { name: 'BadGateway', status: 502 }, 'STAGES_UNAVAILABLE'],
    ['ListStages', { code: 'ECONNREFUSED' }, 'STAGES_UNAVAILABLE'],
    ['ListStages', { name: 'SyntaxError', status: 200 }, 'STAGES_UNAVAILABLE']
  ]
  for (const [operation, error, code] of cases) t.equal(errorOf(failure(operation, error)).code, code, `${operation} ${JSON.stringify(error)}`)
})

t.test('our problems with AWS say what to do, and are never those of a caller', async t => {
  for (const error of [{ name: 'AccessDeniedException', status: 403 }, { name: 'InvalidSignatureException', status: 403 }, { name: 'CredentialsProviderError' }]) {
    const { message, statusCode } = errorOf(failure('ListStages', error))
    t.equal(message, `AWS does not do ListStages: ${error.name} (look at IVS_ACCESS_KEY_ID, IVS_SECRET_ACCESS_KEY and what that key may do)`)
    t.equal(statusCode, 503)
  }
  t.match(errorOf(failure('CreateStage', { name: 'PendingVerification', status: 403 })).message, 'Amazon has to verify the account first')
  t.match(errorOf(failure('ListStages', { name: 'UnknownError', status: 404 })).message, 'look at IVS_ENDPOINT')
})

t.test("AWS's own text is in the cause, and not where it repeats what was sent", async t => {
  const { cause, message } = errorOf(failure('CreateStage', { name: 'ServiceQuotaExceededException', status: 402, exceptionMessage: 'the limit of 20' }))
  t.equal((cause as Error).message, 'CreateStage: ServiceQuotaExceededException (the limit of 20)')
  t.notMatch(message, 'the limit')
  t.equal(failure('CreateStage', { name: 'InvalidSignatureException', status: 403, exceptionMessage: 'The canonical string was POST x-amz-security-token:secret' }).message, 'CreateStage: InvalidSignatureException')
  t.ok(failure('CreateStage', { name: 'ValidationException', status: 400, exceptionMessage: 'x'.repeat(10_000) }).message.length < 400)
})

t.test('what is tried again, and what may have been done', async t => {
  const is = (error: SdkError) => {
    const { isRepeatable, mayBeDone } = failure('GetStage', error)
    return { isRepeatable, mayBeDone }
  }
  t.strictSame(is({ name: 'ThrottlingException', status: 429 }), { isRepeatable: true, mayBeDone: false })
  t.strictSame(is({ status: 503 }), { isRepeatable: true, mayBeDone: true })
  t.strictSame(is({ code: 'ECONNRESET' }), { isRepeatable: true, mayBeDone: true })
  t.strictSame(is({ name: 'TimeoutError' }), { isRepeatable: true, mayBeDone: true })
  t.strictSame(is({ name: 'SyntaxError', status: 200 }), { isRepeatable: false, mayBeDone: true })
  t.strictSame(is({ name: 'ConflictException', status: 409 }), { isRepeatable: false, mayBeDone: false })
  t.strictSame(is({ name: 'InvalidSignatureException', status: 403 }), { isRepeatable: false, mayBeDone: false })
  t.strictSame(is({ name: 'InvalidSignatureException', status: 403, clockSkewCorrected: true }), { isRepeatable: true, mayBeDone: false })
})
