/**
 * Who may do what in a session: docs/api/live-sessions.md, 5, as one table. Guards, the permissions of room tokens and
 * the tests come of it.
 */
import { ALL_PERMISSIONS, type Permissions } from '../../src/rooms/provider.ts'

export const ROLES = ['host', 'co_host', 'speaker', 'viewer'] as const

/** What a participant of a session is. The host is its owner. */
export type Role = typeof ROLES[number]

/** Roles that can be given to somebody. */
export const ASSIGNABLE_ROLES = ['co_host', 'speaker', 'viewer'] as const

export type AssignableRole = typeof ASSIGNABLE_ROLES[number]

/** Other ways to write them. */
export const ROLE_SPELLINGS: Readonly<Record<string, AssignableRole>> = { 'co-host': 'co_host', cohost: 'co_host' }

/** Roles that an invitation can give: whoever has the link has it. */
export const INVITED_ROLES = ['speaker', 'viewer'] as const

export type InvitedRole = typeof INVITED_ROLES[number]

/** Who asks, seen from a session: `guest` has no part in it, logged in or not. */
export type Standing = Role | 'guest'

/** `invited`: with an invitation; `logged in`: whoever is. */
export type Allowed = 'yes' | 'no' | 'invited' | 'logged in'

type Row = Record<Standing, Allowed>

const hostOnly: Row = { host: 'yes', co_host: 'no', speaker: 'no', viewer: 'no', guest: 'no' }
const moderators: Row = { ...hostOnly, co_host: 'yes' }
const publishers: Row = { ...moderators, speaker: 'yes' }

/** The last four are not in the table of the original; its sections 2.5, 2.8 and 2.9 say who may. */
export const MATRIX = {
  start: hostOnly,
  end: hostOnly,
  'join public': { host: 'yes', co_host: 'yes', speaker: 'yes', viewer: 'yes', guest: 'logged in' },
  // The guest of the original has no token; who has one and is logged in is about to be a viewer.
  'join private': { host: 'yes', co_host: 'invited', speaker: 'invited', viewer: 'invited', guest: 'invited' },
  publish: publishers,
  'share screen': publishers,
  'change roles': moderators,
  kick: moderators,
  record: hostOnly,
  chat: { ...publishers, viewer: 'yes' },
  update: hostOnly,
  invite: hostOnly,
  'see statistics': hostOnly,
  delete: hostOnly
} as const satisfies Record<string, Row>

export type Action = keyof typeof MATRIX

/** What administrators may do in sessions of others. */
export const FOR_ADMINISTRATORS: readonly Action[] = ['see statistics', 'delete']

export interface Asker {
  standing: Standing
  isAdmin: boolean
}

/** Whether somebody who is logged in may. @param isInvited brings a valid invitation */
export function may (action: Action, { standing, isAdmin }: Asker, isInvited = false): boolean {
  const allowed: Allowed = MATRIX[action][standing]
  return allowed === 'yes' || allowed === 'logged in' || (allowed === 'invited' && isInvited) || (isAdmin && FOR_ADMINISTRATORS.includes(action))
}

/** Who may publish by role alone. */
export function canPublish (role: Role): boolean {
  return MATRIX.publish[role] === 'yes'
}

/** What a role may do in the room. */
export function permissionsOf (role: Role): Permissions {
  if (role === 'host' || role === 'co_host') return ALL_PERMISSIONS
  const publishes = canPublish(role)
  return {
    canPublish: publishes,
    sources: publishes ? ['camera', 'microphone', ...MATRIX['share screen'][role] === 'yes' ? ['screen_share', 'screen_share_audio'] as const : []] : [],
    canSubscribe: true,
    canPublishData: MATRIX.chat[role] === 'yes'
  }
}

/** Whether the token of a role may ask LiveKit by itself. For co-hosts this server acts: it keeps the host out of their reach. */
export function isRoomAdmin (role: Role): boolean {
  return role === 'host'
}
