import { useEffect } from 'react'

/** Keeps the screen on, and with it the device awake, as long as it is wanted and the page is in front. */
export function useWakeLock (wanted: boolean): void {
  useEffect(() => {
    if (!wanted) return
    let lock: WakeLockSentinel | undefined
    let isOver = false
    const take = async () => {
      if (document.visibilityState !== 'visible') return
      try {
        // Not in every browser, nor on pages that came over plain HTTP.
        lock = await (navigator as { wakeLock?: WakeLock }).wakeLock?.request('screen')
        if (isOver) void lock?.release()
      } catch {
        // The battery is low, or the browser does not want to: then the device may sleep, and the broadcast resumes.
      }
    }
    void take()
    // The browser takes the lock back when the page is hidden.
    document.addEventListener('visibilitychange', take)
    return () => {
      isOver = true
      document.removeEventListener('visibilitychange', take)
      void lock?.release()
    }
  }, [wanted])
}
