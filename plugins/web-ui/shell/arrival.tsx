import { useLayoutEffect } from 'react'

/** The page that was loaded with the document: the browser has said its title, and the focus is where it belongs. */
let first = true

/** What a browser does when a document is loaded, for a page that is not one: its title, its top, its heading. */
export function Arrival ({ title }: { title: string }): null {
  useLayoutEffect(() => {
    document.title = `${title} · Headwater`
    if (!first) {
      scrollTo(0, 0)
      document.querySelector('h1')?.focus()
    }
    return () => { first = false }
  }, [title])
  return null
}
