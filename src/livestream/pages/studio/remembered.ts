import { newStreamName } from './stream-name.ts'

/** What a browser remembers of who sends from it, and a tab of what it sent. */
const USER_ID = 'headwater.user-id'
const STREAM = 'headwater.stream'

interface RememberedStream {
  streamKey: string
  /** Undefined until it was live. */
  resumeToken?: string | undefined
}

/** Who sends from this browser, the same at every visit. */
export function userId (): string {
  const known = read(localStorage, USER_ID)
  if (known !== undefined) return known
  const made = `user-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`
  write(localStorage, USER_ID, made)
  return made
}

/** The stream of this tab: after a reload it goes on under its name. */
export function rememberedStream (): RememberedStream {
  const known = read(sessionStorage, STREAM)
  if (known !== undefined) {
    try {
      return JSON.parse(known) as RememberedStream
    } catch {
      // Somebody else's; a new one takes its place.
    }
  }
  const made = { streamKey: newStreamName() }
  rememberStream(made)
  return made
}

export function rememberStream (stream: RememberedStream): void {
  write(sessionStorage, STREAM, JSON.stringify(stream))
}

/** Where a browser keeps nothing, nothing is remembered. */
function read (storage: Storage, name: string): string | undefined {
  try {
    return storage.getItem(name) ?? undefined
  } catch {
    return undefined
  }
}

function write (storage: Storage, name: string, value: string): void {
  try {
    storage.setItem(name, value)
  } catch {
    // As above.
  }
}
