import { createHash } from 'node:crypto'

/**
 * A stream as log lines name it: the first 12 hex digits of the SHA-256 of its key. Whoever knows the key finds its
 * lines (`printf %s KEY | sha256sum | cut -c1-12`); whoever reads the lines does not learn the key, which opens a
 * stream that nobody has to guess.
 */
export function logName (streamKey: string): string {
  return createHash('sha256').update(streamKey).digest('hex').slice(0, 12)
}
