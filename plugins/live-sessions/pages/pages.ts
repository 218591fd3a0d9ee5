import type { MastheadPart, Page } from '../../../src/ui/page.ts'

const needs = 'headwater-live-sessions'
/** As session ids are: a UUID. */
const SESSION_ID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/

/** The pages of live sessions: there where the server has any. */
export const pages: readonly Page[] = [
  { needs, path: '/live', title: 'Live sessions', module: 'plaza/plaza-page.tsx' },
  { needs, path: '/live/create', title: 'New session', module: 'create/create-page.tsx' },
  { needs, path: '/live/my-sessions', title: 'Your sessions', module: 'history/my-sessions-page.tsx' },
  { needs, path: '/live/recordings', title: 'Recordings', module: 'recordings/recordings-page.tsx' },
  {
    needs,
    path: '/live/:sessionId',
    title: 'Live session',
    module: 'room/room-page.tsx',
    params: { sessionId: SESSION_ID },
    connects: 'rooms',
    otherwise: { title: 'There is no such session', text: 'The link to a session ends with its id. Please check the address.' }
  }
]

/** The way to all sessions, before who is logged in. */
export const mastheadPart: MastheadPart = { needs, module: 'sessions/sessions-part.tsx', rank: -1 }
