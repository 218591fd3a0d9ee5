import { useEffect, useRef, useState, type ChangeEvent, type ReactElement } from 'react'
import { nameOf, pictureOf, type Account } from '../../../../src/page-parts/account/account.ts'
import { Avatar } from '../../../../src/page-parts/account/avatar.tsx'
import { session } from '../../../../src/page-parts/session/current.ts'
import { Button } from '../../../../src/ui/button.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { ROOT } from '../../../../src/ui/root.ts'
import type { OwnWords } from '../form/problems.ts'
import { useApiAction } from '../form/use-api-action.ts'
import { fileTrouble, PICTURE_TYPES } from './picture-file.ts'

const NO_PICTURE = { whole: 'The server cannot use this file as a picture. Choose another one.' }
const WORDS: OwnWords = { 3001: NO_PICTURE, 413: NO_PICTURE, 415: NO_PICTURE }

/** The picture of an account: chosen, looked at, then sent. */
export function Picture ({ account }: { account: Account }): ReactElement {
  const input = useRef<HTMLInputElement>(null)
  const [file, setFile] = useState<File>()
  const [refusal, setRefusal] = useState<string>()
  const { isBusy, trouble, run } = useApiAction(WORDS)
  const preview = useFileAddress(file)

  const choose = ({ target }: ChangeEvent<HTMLInputElement>) => {
    const [chosen] = target.files ?? []
    if (chosen === undefined) return
    const refusal = fileTrouble(chosen)
    setRefusal(refusal)
    setFile(refusal === undefined ? chosen : undefined)
  }
  /** Back to what is. The same file can be chosen again. */
  const putAway = () => {
    setFile(undefined)
    setRefusal(undefined)
    input.current!.value = ''
    input.current!.focus()
  }
  const send = (chosen: File) => run(async () => {
    const body = new FormData()
    body.append('avatar', chosen)
    const { avatar_url: address } = await session.ask<Pick<Account, 'avatar_url'>>('users/upload-avatar', { method: 'POST', body })
    session.changed({ ...account, avatar_url: address })
    putAway()
  })
  const remove = () => run(async () => {
    session.changed(await session.ask<Account>('users/profile', { method: 'PUT', body: { avatar_url: '' } }))
    putAway()
  })

  return (
    <div className='profile-picture'>
      <Avatar name={nameOf(account)} picture={preview ?? pictureOf(account.avatar_url, ROOT)} size='large' />
      <div className='profile-picture-ways'>
        <label className='button button-quiet profile-choose'>
          <input ref={input} type='file' accept={PICTURE_TYPES.join()} onChange={choose} />
          Choose a picture …
        </label>
        {file !== undefined && <Button aria-disabled={isBusy} onClick={() => send(file)}>{isBusy ? 'Sending it …' : 'Use this picture'}</Button>}
        {file !== undefined && <Button kind='quiet' onClick={putAway}>Cancel</Button>}
        {file === undefined && account.avatar_url !== '' && <Button kind='quiet' aria-disabled={isBusy} onClick={remove}>Remove it</Button>}
      </div>
      {(refusal ?? trouble) !== undefined && <Notice kind='danger' title={refusal ?? trouble} />}
    </div>
  )
}

/** The address of a file for `<img>`. */
function useFileAddress (file: File | undefined): string | undefined {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    if (file === undefined) return
    const made = URL.createObjectURL(file)
    setAddress(made)
    return () => {
      URL.revokeObjectURL(made)
      setAddress(undefined)
    }
  }, [file])
  return address
}
