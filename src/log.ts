type Write = (fields: object, message: string) => void

/** What everything below the plugins needs of a logger; pino's fits. */
export interface Log {
  debug: Write
  info: Write
  warn: Write
  error: Write
}
