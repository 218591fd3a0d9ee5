import type { ReactElement, ReactNode } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { Empty } from '../../../../src/ui/empty.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'

interface FoundListProps {
  /** How many are found, in words; undefined until that is known. */
  words: string | undefined
  isEmpty: boolean
  isLooking: boolean
  trouble: string | undefined
  onAgain: () => void
  /** In place of an empty list. */
  empty: ReactNode
  className: string
  /** Items of the list. */
  children: ReactNode
}

/** A list that was asked for: while that is under way, where there is nothing, and where it failed. */
export function FoundList ({ words, isEmpty, isLooking, trouble, onAgain, empty, className, children }: FoundListProps): ReactElement {
  return (
    <>
      <p className='live-page-words' role='status'>{words ?? (trouble === undefined && 'Looking …')}</p>
      {trouble !== undefined && (
        <Notice kind='danger' title={trouble} actions={<Button kind='quiet' onClick={onAgain}>Try again</Button>}>
          {words !== undefined && 'What you see was so before.'}
        </Notice>
      )}
      {isEmpty && <Empty>{empty}</Empty>}
      {words !== undefined && !isEmpty && <ul className={className} aria-busy={isLooking}>{children}</ul>}
    </>
  )
}
