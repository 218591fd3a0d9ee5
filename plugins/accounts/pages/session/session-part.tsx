import { useEffect, type ReactElement } from 'react'
import { useLocation } from 'wouter'
import { Avatar } from '../../../../src/page-parts/account/avatar.tsx'
import { session, useSession } from '../../../../src/page-parts/session/current.ts'
import { MastheadLink, MastheadName } from '../../../../src/ui/masthead-link.tsx'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'

/** In the head of every page: who is logged in, or the way to log in. Who never logged in here asks the server nothing. */
export default function SessionPart (): ReactElement {
  const { state, remembered } = useSession()
  const [location] = useLocation()
  useEffect(() => {
    if (remembered !== undefined && state === 'unknown') void session.look()
  }, [])
  if (remembered === undefined) return <MastheadLink href='/login' state={{ from: location }}>Log in</MastheadLink>
  const { name, picture } = remembered
  return (
    <MastheadLink href='/profile' title={name}>
      <VisuallyHidden>Profile of </VisuallyHidden>
      <Avatar name={name} picture={picture} />
      <MastheadName>{name}</MastheadName>
    </MastheadLink>
  )
}
