const RELOADED = 'headwater-reloaded'

/**
 * A server that was updated meanwhile has other files than the ones that an open page still asks for. Loading
 * the page anew finds them; when the same load fails again, something else is wrong, and the page says so.
 */
export function reloadAfterUpdate (): void {
  addEventListener('vite:preloadError', event => {
    const failed = `${location.pathname} ${(event as Event & { payload?: Error }).payload?.message ?? ''}`
    if (!navigator.onLine || sessionStorage.getItem(RELOADED) === failed) return
    sessionStorage.setItem(RELOADED, failed)
    event.preventDefault()
    location.reload()
  })
}
