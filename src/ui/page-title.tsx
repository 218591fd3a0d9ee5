import { useEffect, type ReactElement, type ReactNode } from 'react'

/**
 * The heading of a page, once on each: after a change of page the focus goes to it.
 * `inTab` is what the browser's tab says, for pages whose name is known only when they are open.
 */
export function PageTitle ({ children, inTab, className }: { children: ReactNode, inTab?: string, className?: string }): ReactElement {
  useEffect(() => {
    if (inTab !== undefined) document.title = `${inTab} · Headwater`
  }, [inTab])
  return <h1 tabIndex={-1} className={className}>{children}</h1>
}
