import { useLayoutEffect, useRef } from 'react'

/**
 * Where what has the focus goes away as the component changes, the focus goes on to something that stays; otherwise
 * it would be nowhere, and the next Tab begin at the top of the page.
 * @param next what takes it
 */
export function useFocusKept (next: () => HTMLElement | null | undefined): void {
  const focused = useRef<Element | null>(null)
  focused.current = document.activeElement
  useLayoutEffect(() => {
    if (focused.current?.isConnected === false && document.activeElement === document.body) next()?.focus()
  })
}
