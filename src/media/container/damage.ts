import type { DamageReason } from './types.ts'

/**
 * Bytes that do not say what the format demands. Thrown inside the reader only; what it means
 * depends on where reading was (a header cannot be used then, media goes on further down).
 */
export class Malformed extends Error {
  readonly reason: 'lost-sync' | 'too-large-unit'
  /** How many bytes at the front of the queue are known to be of no use. */
  readonly useless: number

  constructor (message: string, reason: Malformed['reason'] = 'lost-sync', useless = 1) {
    super(message)
    this.reason = reason
    this.useless = useless
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
