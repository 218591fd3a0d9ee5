import { ROOT } from '../../ui/root.ts'
import { useSnapshot } from '../../ui/use-snapshot.ts'
import { Memory } from './remembered.ts'
import { NOT_ASKED, Session, type OneAtATime, type SessionState } from './session.ts'

/** The one session of this document, for the head of the page and for the page. */
export const session = new Session(ROOT, new Memory(ROOT, shelf()), oneAtATime())
addEventListener('storage', event => session.heard(event))

export function useSession (): SessionState {
  return useSnapshot(session, NOT_ASKED)
}

function shelf (): Storage | undefined {
  try {
    return localStorage
  } catch {
    // The browser keeps nothing for this site.
    return undefined
  }
}

/** Pages that are neither of https nor of localhost have no locks: there, two tabs have to be unlucky. */
function oneAtATime (): OneAtATime {
  const { locks } = navigator as Partial<Navigator>
  return async (name, what) => locks === undefined ? await what() : await locks.request(name, what)
}
