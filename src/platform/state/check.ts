/** @throws RangeError for what would be no time in Redis either */
export function mustBeTime (name: string, ms: number): void {
  if (!Number.isFinite(ms) || ms <= 0) throw new RangeError(`${name} has to be a number of milliseconds above 0, not ${ms}`)
}

/** @throws RangeError */
export function mustBeWhole (name: string, value: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} has to be a whole number, not ${value}`)
}
