/** A refusal as AWS words it: the name goes to `x-amzn-ErrorType`, the text to `exceptionMessage`. */
export class AwsError extends Error {
  readonly status: number

  constructor (status: number, name: string, text: string) {
    super(text)
    this.status = status
    this.name = name
  }
}

const STATUS = {
  ValidationException: 400,
  ServiceQuotaExceededException: 402,
  AccessDeniedException: 403,
  PendingVerification: 403,
  InvalidSignatureException: 403,
  MissingAuthenticationTokenException: 403,
  UnrecognizedClientException: 403,
  ResourceNotFoundException: 404,
  UnknownOperationException: 404,
  ConflictException: 409,
  ThrottlingException: 429,
  InternalServerException: 500
} as const

export function awsError (name: keyof typeof STATUS, text: string): AwsError {
  return new AwsError(STATUS[name], name, text)
}

/** The name that goes with a status, where a test asks for the status alone. */
export function errorOfStatus (status: number): AwsError {
  const name = Object.entries(STATUS).find(([, of]) => of === status)?.[0] ?? (status >= 500 ? 'InternalServerException' : 'ValidationException')
  return new AwsError(status, name, `The stand-in was told to answer ${status}`)
}
