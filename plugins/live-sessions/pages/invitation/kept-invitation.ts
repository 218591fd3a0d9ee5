import { ROOT } from '../../../../src/ui/root.ts'
import { invitationIn, Invitations } from './invitation.ts'

const invitations = new Invitations(ROOT, shelf())

export function keptInvitation (sessionId: string): string | undefined {
  return invitations.read(sessionId)
}

/** Takes a token out of the page's address at once: out of the history, out of what is copied, out of pictures of the window. */
export function takeInvitation (sessionId: string): void {
  const token = invitationIn(location.search)
  if (token === undefined) return
  invitations.write(sessionId, token)
  history.replaceState(history.state, '', location.pathname)
}

function shelf (): Storage | undefined {
  try {
    return sessionStorage
  } catch {
    // The browser keeps nothing for this site.
    return undefined
  }
}
