import { useEffect, useState, type FormEvent, type ReactElement } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { Field, Select } from '../../../../src/ui/field.tsx'
import { pathOf, ROLES, STATUSES, type UserQuery } from './user-query.ts'

/** Which accounts are wanted. @param query what is shown now; it changes by itself when one goes back */
export function Search ({ query, onSearch }: { query: UserQuery, onSearch: (query: UserQuery) => void }): ReactElement {
  const [wanted, setWanted] = useState(query)
  useEffect(() => setWanted(query), [pathOf(query)])
  const search = (event: FormEvent) => {
    event.preventDefault()
    onSearch({ ...wanted, keyword: wanted.keyword.trim(), page: 1 })
  }
  const change = (changes: Partial<Record<keyof UserQuery, string>>) => setWanted({ ...wanted, ...changes } as UserQuery)
  return (
    <form className='users-search' role='search' onSubmit={search}>
      <Field label='Name or e-mail address' type='search' maxLength={100} value={wanted.keyword} onChange={event => change({ keyword: event.target.value })} autoComplete='off' autoCapitalize='none' spellCheck={false} />
      <Select label='Status' value={wanted.status} onChange={event => change({ status: event.target.value })} options={STATUSES} />
      <Select label='Role' value={wanted.role} onChange={event => change({ role: event.target.value })} options={[{ value: '', label: 'All' }, ...ROLES]} />
      <Button type='submit'>Search</Button>
    </form>
  )
}
