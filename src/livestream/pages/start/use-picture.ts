import { useEffect, useState } from 'react'

/** The server makes a new one at most so often. */
const NEXT_MS = 10_000
/** A stream that is sound alone has none, and no server says when it will. */
const NONE_MS = 30_000

/**
 * The picture of a stream as an address for `<img>`, a new one every 10 s while the page is in view. The next one
 * takes the place of the one before only when it can be drawn at once, so nothing flickers.
 * @param url where it is; undefined when there is none
 */
export function usePicture (url: string | undefined): string | undefined {
  const [shown, setShown] = useState<string>()
  useEffect(() => {
    if (url === undefined) return
    const over = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let current: string | undefined
    const next = async () => {
      let wait = NEXT_MS
      if (document.visibilityState === 'visible') {
        const picture = await loadPicture(url, over.signal)
        if (over.signal.aborted) {
          if (typeof picture === 'string') URL.revokeObjectURL(picture)
          return
        }
        if (typeof picture === 'number') wait = picture
        else {
          setShown(picture)
          if (current !== undefined) URL.revokeObjectURL(current)
          current = picture
        }
      }
      timer = setTimeout(() => { void next() }, wait)
    }
    void next()
    return () => {
      over.abort()
      clearTimeout(timer)
      setShown(undefined)
      if (current !== undefined) URL.revokeObjectURL(current)
    }
  }, [url])
  return shown
}

/** @returns an address of the picture, loaded and decoded; where there is none, when to ask again, in milliseconds */
async function loadPicture (url: string, signal: AbortSignal): Promise<string | number> {
  try {
    const response = await fetch(url, { signal })
    if (!response.ok) return Number(response.headers.get('retry-after')) * 1_000 || NONE_MS
    const address = URL.createObjectURL(await response.blob())
    const image = new Image()
    image.src = address
    try {
      await image.decode()
      return address
    } catch {
      URL.revokeObjectURL(address)
      return NONE_MS
    }
  } catch {
    return NEXT_MS
  }
}
