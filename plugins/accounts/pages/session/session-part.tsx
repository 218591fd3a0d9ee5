import { useEffect, type ReactElement } from 'react'
import { Link, useLocation } from 'wouter'
import { Avatar } from '../../../../src/page-parts/account/avatar.tsx'
import { session, useSession } from '../../../../src/page-parts/session/current.ts'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import './session-part.css'

/** In the head of every page: who is logged in, or the way to log in. Who never logged in here asks the server nothing. */
export default function SessionPart (): ReactElement {
  const { state, remembered } = useSession()
  const [location] = useLocation()
  useEffect(() => {
    if (remembered !== undefined && state === 'unknown') void session.look()
  }, [])
  if (remembered === undefined) return <Link href='/login' state={{ from: location }} className='session-part'>Log in</Link>
  const { name, picture } = remembered
  return (
    <Link href='/profile' className='session-part' title={name}>
      <VisuallyHidden>Profile of </VisuallyHidden>
      <Avatar name={name} picture={picture} />
      <span className='session-part-name'>{name}</span>
    </Link>
  )
}
