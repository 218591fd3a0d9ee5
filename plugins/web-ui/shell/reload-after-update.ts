/** This script: its name changes with every release. */
const OWN_NAME = new URL(import.meta.url).pathname.split('/').at(-1)!

/**
 * A server that was updated meanwhile has other files than the ones that an open page still asks for: then the
 * page is loaded anew. Where the server is just away, that would help nobody, and the page says what is missing.
 */
export function reloadAfterUpdate (): void {
  addEventListener('vite:preloadError', () => {
    void wasUpdated().then(updated => { if (updated) location.reload() })
  })
}

async function wasUpdated (): Promise<boolean> {
  try {
    const response = await fetch(location.href)
    return response.ok && !(await response.text()).includes(OWN_NAME)
  } catch {
    return false
  }
}
