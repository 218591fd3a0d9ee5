import type { ReactElement } from 'react'
import { Link, useLocation } from 'wouter'
import { Icon } from '../../../../src/ui/icon.tsx'
import './sessions-part.css'

/** In the head of every page but those of sessions: the way to them. */
export default function SessionsPart (): ReactElement | null {
  const [location] = useLocation()
  if (/^\/live(?:\/|$)/.test(location)) return null
  return <Link href='/live' className='sessions-part'><Icon name='people' /><span className='sessions-part-name'>Sessions</span></Link>
}
