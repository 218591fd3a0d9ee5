import { useLayoutEffect, useRef, type ReactElement, type ReactNode } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { Empty } from '../../../../src/ui/empty.tsx'
import { ListPages } from '../../../../src/ui/list-pages.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { useFocusKept } from '../../../../src/ui/use-focus-kept.ts'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import { PAGE_SIZE } from './list-query.ts'
import { countText } from './words.ts'

/** A page of a list, as the server has answered. */
interface FoundPage {
  /** From 1. */
  page: number
  /** How many items there are on it. */
  shown: number
  /** How many there are on all pages. */
  total: number
}

interface FoundListProps {
  /** Undefined until the server has answered once. */
  found: FoundPage | undefined
  /** What the items are called: `session`, `sessions`. */
  names: readonly [one: string, many: string]
  isLooking: boolean
  trouble: string | undefined
  onAgain: () => void
  /** Path of another page. */
  to: (page: number) => string
  /** In place of an empty list. */
  empty: ReactNode
  className: string
  /** Items of the list. */
  children: ReactNode
}

/** A list that was asked for, page by page: while that is under way, where there is nothing, and where it failed. */
export function FoundList ({ found, names: [one, many], isLooking, trouble, onAgain, to, empty, className, children }: FoundListProps): ReactElement {
  const words = useRef<HTMLParagraphElement>(null)
  const list = useRef<HTMLUListElement>(null)
  const former = useRef(found?.page)

  // Who deletes one of several goes on with what stands in its place.
  const place = [...list.current?.children ?? []].findIndex(item => item.contains(document.activeElement))
  useFocusKept(() => list.current?.children[Math.min(place, list.current.children.length - 1)]?.querySelector('a') ?? words.current)
  // Who goes to another page begins at its top.
  useLayoutEffect(() => {
    if (former.current !== undefined && found !== undefined && found.page !== former.current) words.current!.focus()
    former.current = found?.page ?? former.current
  }, [found?.page])

  return (
    <>
      <p ref={words} className='live-page-words' role='status' tabIndex={-1}>
        {found === undefined
          ? trouble === undefined && 'Looking …'
          : found.total === 0 ? <VisuallyHidden>No {many}</VisuallyHidden> : countText({ ...found, pageSize: PAGE_SIZE, one, many })}
      </p>
      {trouble !== undefined && (
        <Notice kind='danger' title={trouble} actions={<Button kind='quiet' onClick={onAgain}>Try again</Button>}>
          {found !== undefined && 'What you see was so before.'}
        </Notice>
      )}
      {found?.total === 0 && <Empty>{empty}</Empty>}
      {found !== undefined && found.total > 0 && (
        <>
          {found.shown > 0
            ? <ul ref={list} className={className} aria-busy={isLooking}>{children}</ul>
            : <Empty><h2>Nothing on page {found.page}</h2><p>There are fewer by now.</p></Empty>}
          <ListPages page={found.page} pages={Math.ceil(found.total / PAGE_SIZE)} to={to} />
        </>
      )}
    </>
  )
}
