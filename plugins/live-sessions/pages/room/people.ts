import type { SessionRole } from '../api/live-session.ts'
import type { Person } from './connection.ts'

const RANK: Record<SessionRole, number> = { host: 0, co_host: 1, speaker: 2, viewer: 3 }

/** Those who lead first, then by name. */
export function inOrder (people: readonly Person[]): readonly Person[] {
  return [...people].sort((a, b) => RANK[a.role] - RANK[b.role] || a.name.localeCompare(b.name) || (a.identity < b.identity ? -1 : 1))
}

/** What somebody is told whose role is another one now. */
export function newRoleText (role: SessionRole, canSend: boolean): string {
  switch (role) {
    case 'host': return 'You are the host.'
    case 'co_host': return 'You are a co-host now: you can give roles and remove people.'
    case 'speaker': return canSend ? 'You are a speaker now: you can turn on camera and microphone.' : 'You are a speaker now. In this session the host alone sends picture and sound.'
    case 'viewer': return 'You are a viewer now.'
  }
}
