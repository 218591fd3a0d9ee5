/** What an error says. Where several addresses were tried, it says nothing itself, and each has its own error. */
export function reasonOf (error: unknown): string {
  const { message, errors } = error as Partial<AggregateError>
  return message !== undefined && message !== '' ? message : String((errors?.[0] as Error | undefined)?.message ?? error)
}
