/** What errors of the file system mean. */

const MISSING = ['ENOENT', 'ENOTDIR']
const OUT_OF_SPACE = ['ENOSPC', 'EDQUOT']

/** Whether there is no such file or folder. */
export function isMissing (error: unknown): boolean {
  return MISSING.includes(codeOf(error))
}

/** Whether the disk, or the share of it that one may have, is full. */
export function isOutOfSpace (error: unknown): boolean {
  return OUT_OF_SPACE.includes(codeOf(error))
}

function codeOf (error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}
