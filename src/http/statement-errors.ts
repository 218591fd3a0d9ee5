interface LoggedError {
  type: string
  message: string
  code?: unknown
  stack?: string
  cause?: unknown
}

/** Drizzle's, whose message has the values of the statement in it. */
interface StatementError extends Error {
  query: string
  params: unknown[]
}

/**
 * What the log says of an error where a database is used: the statement, but never its values. Those are names,
 * addresses and hashes of people; a database's own errors have them in their details.
 */
export function withoutValues (error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code } = error as NodeJS.ErrnoException
  const ofStatement = isStatementError(error)
  const logged: LoggedError = {
    type: error.name,
    message: ofStatement ? `Failed: ${error.query}` : error.message,
    ...(code === undefined ? {} : { code })
  }
  const stack = ofStatement ? callsOf(error.stack) : error.stack
  if (stack !== undefined) logged.stack = stack
  if (error.cause !== undefined) logged.cause = withoutValues(error.cause)
  return logged
}

function isStatementError (error: Error): error is StatementError {
  return typeof (error as Partial<StatementError>).query === 'string' && Array.isArray((error as Partial<StatementError>).params)
}

/** A stack begins with the message. */
function callsOf (stack: string | undefined): string | undefined {
  return stack?.split('\n').filter(line => /^ {4}at /.test(line)).join('\n')
}
