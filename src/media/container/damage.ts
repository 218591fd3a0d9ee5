import type { DamageReason } from './types.ts'

/**
 * Bytes that do not say what the format demands. Thrown inside the reader only; what it means
 * depends on where reading was (a header cannot be used then, media goes on further down).
 */
export class Malformed {
  readonly message: string
  readonly reason: 'lost-sync' | 'too-large-unit'

  // No Error: its stack would tell nothing, and taking one costs more than all the reading where
  // bytes are broken on purpose.
  constructor (message: string, reason: Malformed['reason'] = 'lost-sync') {
    this.message = message
    this.reason = reason
  }
}

/** A recording that is understood and not taken. Thrown inside the reader only. */
export class Refusal extends Error {
  readonly reason: DamageReason

  constructor (reason: DamageReason, message: string) {
    super(message)
    this.reason = reason
  }
}

/** A name out of the bytes, fit to be shown to people. */
export function shown (name: string): string {
  return JSON.stringify(name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 40))
}
