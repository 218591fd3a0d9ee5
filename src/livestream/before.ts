/** What comes out of it, unless the signal fires first: then its reason is thrown. */
export async function before<T> (signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  return await new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) {
      stop()
      return
    }
    signal.addEventListener('abort', stop)
    act().then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
