import type { ReactElement } from 'react'
import { useLocation } from 'wouter'
import { Icon } from '../../../../src/ui/icon.tsx'
import { MastheadLink, MastheadName } from '../../../../src/ui/masthead-link.tsx'

/** In the head of every page but those of sessions: the way to them. */
export default function SessionsPart (): ReactElement | null {
  const [location] = useLocation()
  if (/^\/live(?:\/|$)/.test(location)) return null
  return <MastheadLink href='/live'><Icon name='people' /><MastheadName>Sessions</MastheadName></MastheadLink>
}
