export interface SdkAnswer {
  /** Of HTTP; undefined where nobody answered. */
  status: number | undefined
  reason: string
}

/** What an error of Amazon's SDK says; without addresses and keys. */
export function answerOf (error: unknown): SdkAnswer {
  const { name, code, $metadata } = error as { name?: string, code?: unknown, $metadata?: { httpStatusCode?: number } }
  return { status: $metadata?.httpStatusCode, reason: typeof code === 'string' ? code : name === 'AbortError' || name === 'TimeoutError' ? 'no answer in time' : name ?? 'unknown' }
}
