/** One Ctrl-C can arrive twice: from the terminal and from the runner that passes it on. */
const SAME_KEY_PRESS_MS = 1_000

/**
 * Turns Ctrl-C (and SIGTERM) into a signal to end properly. Who presses it again leaves at once.
 * @param onFirst called when it happens, to say so
 */
export function interruptSignal (onFirst: () => void): AbortSignal {
  const controller = new AbortController()
  let firstAt = 0
  function interrupted () {
    if (!controller.signal.aborted) {
      firstAt = performance.now()
      onFirst()
      controller.abort()
    } else if (performance.now() - firstAt > SAME_KEY_PRESS_MS) {
      process.exit(130)
    }
  }
  process.on('SIGINT', interrupted)
  process.on('SIGTERM', interrupted)
  return controller.signal
}
