import { useEffect, useState, type ReactElement } from 'react'
import { ButtonLink } from '../../../ui/button.tsx'
import { Masthead } from '../../../ui/masthead.tsx'
import { PageTitle } from '../../../ui/page-title.tsx'
import { ROOT } from '../../../ui/root.ts'
import { useSnapshot } from '../../../ui/use-snapshot.ts'
import { LiveList, type LiveListState } from './live-list.ts'
import { NobodyLive } from './nobody-live.tsx'
import { CardSkeleton, StreamCard } from './stream-card.tsx'
import './start.css'

const NOT_ASKED: LiveListState = { streams: undefined, away: false }

/** What is live now, and the way to go live. */
export default function StartPage (): ReactElement {
  const { streams, away } = useSnapshot(useLiveList(), NOT_ASKED)
  const empty = streams?.length === 0
  return (
    <div className='start'>
      <Masthead><ButtonLink to='/studio' kind={empty ? 'quiet' : 'primary'}>Go live</ButtonLink></Masthead>
      <main>
        <PageTitle>Live now</PageTitle>
        <p className='start-words' role='status'>{wordsFor(streams?.length, away)}</p>
        {empty && !away && <NobodyLive />}
        {!empty && (
          <ul className='picture-cards' aria-busy={streams === undefined}>
            {streams?.map(stream => <li key={stream.key}><StreamCard stream={stream} /></li>) ?? <li><CardSkeleton /></li>}
          </ul>
        )}
      </main>
    </div>
  )
}

function useLiveList (): LiveList | undefined {
  const [list, setList] = useState<LiveList>()
  useEffect(() => {
    const list = new LiveList(ROOT)
    setList(list)
    return () => list.close()
  }, [])
  return list
}

function wordsFor (count: number | undefined, away: boolean): string {
  if (away) return 'The server cannot be reached. This page tries again by itself.'
  switch (count) {
    case undefined: return 'Looking …'
    case 0: return 'Nobody at the moment'
    case 1: return '1 broadcast'
    default: return `${count} broadcasts`
  }
}
