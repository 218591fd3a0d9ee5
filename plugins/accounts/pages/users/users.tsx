import { useEffect, useState, type ReactElement } from 'react'
import { useLocation, useSearch } from 'wouter'
import type { Account } from '../../../../src/page-parts/account/account.ts'
import { session } from '../../../../src/page-parts/session/current.ts'
import { Button } from '../../../../src/ui/button.tsx'
import { ListPages } from '../../../../src/ui/list-pages.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { useSnapshot } from '../../../../src/ui/use-snapshot.ts'
import { Search } from './search.tsx'
import { UserDialog, type Asked } from './user-dialog.tsx'
import { NOTHING_FOUND, UserList } from './user-list.ts'
import { countText, pathOf, queryOf, type UserQuery } from './user-query.ts'
import { rowId, UserRow } from './user-row.tsx'

/** The list of accounts, and what can be done to them. @param own the administrator's own account, which stays as it is */
export function Users ({ own }: { own: Account }): ReactElement {
  const search = useSearch()
  const query = queryOf(search)
  const [, navigate] = useLocation()
  const [list] = useState(() => new UserList(session))
  const [asked, setAsked] = useState<Asked>()
  const [isAsking, setAsking] = useState(false)
  const [gone, setGone] = useState<Account>()
  const { found, isLooking, trouble } = useSnapshot(list, NOTHING_FOUND)

  useEffect(() => {
    void list.look(queryOf(search))
    return () => list.close()
  }, [list, search])

  // Nothing can be done to it any more: the button that had the focus is not there to have it back.
  useEffect(() => { if (gone !== undefined) document.getElementById(rowId(gone))?.focus() }, [gone])

  const look = (wanted: UserQuery) => {
    if (pathOf(wanted) === pathOf(query)) void list.look(query)
    else navigate(pathOf(wanted))
  }
  const ask = (asked: Asked) => {
    setAsked(asked)
    setAsking(true)
  }
  const done = (account: Account) => {
    list.changed(account)
    setAsking(false)
    if (account.status === 'deleted') setGone(account)
  }

  return (
    <>
      <Search query={query} onSearch={look} />
      <p className='users-count' role='status'>{found === undefined ? !trouble && 'Looking …' : countText(found.query, found.users.length, found.total)}</p>
      {trouble !== undefined && <Notice kind='danger' title={trouble} actions={<Button kind='quiet' onClick={() => { void list.look(query) }}>Try again</Button>} />}
      {found !== undefined && (
        <>
          <ul className='users-list' aria-busy={isLooking}>
            {found.users.map(user => <UserRow key={user.user_id} user={user} isOwn={user.user_id === own.user_id} onAsked={ask} onChanged={account => list.changed(account)} />)}
          </ul>
          <ListPages page={found.query.page} pages={found.pages} to={page => pathOf({ ...found.query, page })} />
        </>
      )}
      <UserDialog asked={asked} open={isAsking} onDone={done} onClose={() => setAsking(false)} />
    </>
  )
}
