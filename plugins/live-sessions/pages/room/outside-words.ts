import type { SessionStatus } from '../api/live-session.ts'
import type { Phase } from './attendance.ts'

export interface OutsideWords {
  kind: 'info' | 'warning' | 'danger'
  title: string
  text: string
  /** Whether a button makes sense that tries again. */
  isWorthTrying: boolean
}

/** Why somebody is not in, in words. Pure. @param trouble of `failed` */
export function outsideWords (phase: Exclude<Phase, 'in' | 'looking'>, status: SessionStatus | undefined, trouble = ''): OutsideWords {
  switch (phase) {
    case 'over': return status === 'cancelled'
      ? { kind: 'info', title: 'The session was cancelled', text: 'It does not take place.', isWorthTrying: false }
      : { kind: 'info', title: 'The session has ended', text: 'Where it was recorded, the recording is there some time after the end.', isWorthTrying: false }
    case 'away': return { kind: 'danger', title: 'The server cannot be reached', text: 'Check your connection, then try again.', isWorthTrying: true }
    case 'failed': return { kind: 'danger', title: 'You cannot come in at the moment', text: trouble, isWorthTrying: true }
    case 'unknown': return { kind: 'danger', title: 'There is no such session', text: 'It may have been deleted. Please check the address.', isWorthTrying: false }
    case 'uninvited': return { kind: 'warning', title: 'This session is private', text: 'You need the whole link of an invitation. Yours may be void by now: ask whoever invited you for a new one.', isWorthTrying: false }
    case 'removed': return { kind: 'danger', title: 'You were removed from this session', text: 'Whoever leads it has removed you. You cannot come back.', isWorthTrying: false }
    case 'elsewhere': return { kind: 'warning', title: 'You are in this session elsewhere', text: 'You have come in from another page or device, and only one can be in.', isWorthTrying: true }
    case 'full': return { kind: 'warning', title: 'The session is full', text: 'When somebody leaves, there is room again.', isWorthTrying: true }
    case 'flood': return { kind: 'danger', title: 'You have sent too much at once', text: 'You were disconnected for that.', isWorthTrying: true }
    case 'logged-out': return { kind: 'danger', title: 'You are not logged in any more', text: 'Log in, then come back.', isWorthTrying: true }
  }
}
