/** The server's root, as this page reached it: every address of pages and API derives from it. */
export const ROOT = new URL('.', document.baseURI)

/** What the router puts before every path: the root's path without the slash at its end. */
export const ROOT_PATH = ROOT.pathname.replace(/\/$/, '')
