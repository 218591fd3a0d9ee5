import { useEffect, useState } from 'react'

/** The server makes a new one at most so often. */
const NEXT_MS = 10_000
/** A stream that has just begun, or that is sound alone, has none. */
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
          if (picture !== undefined) URL.revokeObjectURL(picture)
          return
        }
        if (picture === undefined) wait = NONE_MS
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

/** @returns an address of the picture, loaded and decoded; undefined when there is none */
async function loadPicture (url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal })
    if (!response.ok) return undefined
    const address = URL.createObjectURL(await response.blob())
    const image = new Image()
    image.src = address
    try {
      await image.decode()
      return address
    } catch {
      URL.revokeObjectURL(address)
      return undefined
    }
  } catch {
    return undefined
  }
}
