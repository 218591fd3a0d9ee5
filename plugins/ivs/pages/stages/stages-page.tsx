import { useEffect, useState, type ReactElement } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { Masthead } from '../../../../src/ui/masthead.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { PageTitle } from '../../../../src/ui/page-title.tsx'
import { ROOT } from '../../../../src/ui/root.ts'
import { useSnapshot } from '../../../../src/ui/use-snapshot.ts'
import { KeptKey } from './kept-key.ts'
import { KeyForm } from './key-form.tsx'
import { NOTHING_HEARD, OperationsFeed, type FeedSocket } from './operations-feed.ts'
import { situationOf } from './situation.ts'
import { StageApi } from './stage-api.ts'
import { Stages } from './stages.tsx'
import './stages.css'

const keptKey = new KeptKey(ROOT, shelf())

/** What the stages do, for whoever runs them: as it happens. */
export default function StagesPage (): ReactElement {
  const [apiKey, setApiKey] = useState(() => keptKey.read())
  const [feed] = useState(() => new OperationsFeed(openSocket))
  const { connection, last } = useSnapshot(feed, NOTHING_HEARD)

  useEffect(() => {
    if (apiKey === undefined) return
    feed.start(apiKey)
    return () => feed.stop()
  }, [feed, apiKey])

  useEffect(() => { if (connection === 'refused') keptKey.clear() }, [connection])

  const now = new Date()
  const { asks, keyProblem, waiting, notice, old } = situationOf({ connection, last }, now)
  const use = (key: string) => {
    keptKey.write(key)
    // The same one once more.
    if (key === apiKey) feed.start(key)
    setApiKey(key)
    document.querySelector('h1')!.focus()
  }
  const forget = () => {
    keptKey.clear()
    setApiKey(undefined)
  }

  return (
    <div className='stages'>
      <Masthead />
      <main>
        <div className='stages-head'>
          <PageTitle>Stages</PageTitle>
          {!asks && <Button kind='quiet' onClick={forget}>Forget the key</Button>}
        </div>
        {asks && (apiKey === undefined || connection === 'refused') && <KeyForm problem={keyProblem} onKey={use} />}
        {waiting !== undefined && <p role='status'>{waiting}</p>}
        {notice !== undefined && <Notice kind='warning' title={notice.title} actions={<Button kind='quiet' onClick={() => feed.retry()}>Try now</Button>}>{notice.text}</Notice>}
        {last !== undefined && apiKey !== undefined && <Stages operations={last} old={old} now={now} api={new StageApi(ROOT, apiKey)} />}
      </main>
    </div>
  )
}

function openSocket (): FeedSocket {
  const url = new URL('ws', ROOT)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return new WebSocket(url)
}

function shelf (): Storage | undefined {
  try {
    return sessionStorage
  } catch {
    // The browser keeps nothing for this site.
    return undefined
  }
}
