import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined

/** Bytes that are in use after a collection of garbage: the heap, and what is outside it on its behalf. */
export function bytesInUse (): number {
  collect ??= exposedGc()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Works without `--expose-gc` too, which a test runner does not give. */
function exposedGc (): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
