import { call, type Call } from '../../../../src/page-parts/api/call.ts'
import { session } from '../../../../src/page-parts/session/current.ts'
import { ROOT } from '../../../../src/ui/root.ts'
import type { Joined, LiveSession, Recording, SessionDetails, SessionRole } from './live-session.ts'

export interface SessionPage {
  sessions: LiveSession[]
  total_count: number
  /** Which one it is, from 1. */
  page: number
}

export interface RecordingPage {
  recordings: Recording[]
  total_count: number
  page: number
}

export interface NewSession {
  title: string
  description?: string
  session_type: string
  max_participants: number
  is_public: boolean
  is_recorded: boolean
  scheduled_at?: string
}

/** Public for anybody, and what else whoever asks may see. @param query of the API @throws ApiFailure */
export async function listSessions (query: URLSearchParams, signal: AbortSignal): Promise<SessionPage> {
  return await look<SessionPage>(`live/sessions?${query}`, { signal })
}

/** @throws ApiFailure */
export async function listRecordings (query: URLSearchParams, signal: AbortSignal): Promise<RecordingPage> {
  return await look<RecordingPage>(`live/recordings?${query}`, { signal })
}

/** @throws ApiFailure */
export async function createSession (made: NewSession): Promise<{ session_id: string, invite_link: string }> {
  return await session.ask('live/sessions', { method: 'POST', body: made, isBare: true })
}

/** One session, as who is logged in. All throw `ApiFailure`. */
export class SessionApi {
  readonly #path: string
  readonly #invitation: () => string | undefined

  /** @param invitation the token of who was invited, which goes along */
  constructor (sessionId: string, invitation: () => string | undefined = () => undefined) {
    this.#path = `live/sessions/${sessionId}`
    this.#invitation = invitation
  }

  async details (): Promise<SessionDetails> {
    const token = this.#invitation()
    // Not in the address, which servers on the way may write down.
    return await session.ask(this.#path, { isBare: true, headers: token === undefined ? {} : { 'x-invite-token': token } })
  }

  async join (): Promise<Joined> {
    const token = this.#invitation()
    return await this.#post('/join', token === undefined ? {} : { invite_token: token })
  }

  /** `recording_problem`: why it is not recorded, though it was to be. */
  async start (): Promise<{ recording_problem?: string }> { return await this.#post('/start') }
  async end (): Promise<void> { await this.#post('/end') }
  async cancel (): Promise<void> { await this.#ask('', { method: 'PATCH', body: { status: 'cancelled' } }) }
  async remove (): Promise<void> { await this.#ask('', { method: 'DELETE' }) }
  async startRecording (): Promise<void> { await this.#post('/recording/start') }
  async stopRecording (): Promise<void> { await this.#post('/recording/stop') }
  async setRole (userId: string, role: Exclude<SessionRole, 'host'>): Promise<void> { await this.#ask(`/participants/${userId}`, { method: 'PATCH', body: { role } }) }
  async kick (userId: string): Promise<void> { await this.#post(`/participants/${userId}/kick`) }

  /** A new link for who is invited; the ones before are void. */
  async invite (): Promise<void> { await this.#post('/invite') }

  /** Also when the page goes: nobody waits for the answer. */
  leave (): void {
    navigator.sendBeacon(new URL(`api/v1/${this.#path}/leave`, ROOT))
  }

  async #post<Answer> (path: string, body?: object): Promise<Answer> {
    return await this.#ask(path, { method: 'POST', ...(body === undefined ? {} : { body }) })
  }

  async #ask<Answer> (path: string, options: Call): Promise<Answer> {
    return await session.ask(this.#path + path, { ...options, isBare: true })
  }
}

/**
 * Asks what strangers may ask too, who are shown less. A session of the account that has run out would make a stranger
 * of who is logged in, without a word: it is renewed first.
 */
async function look<Answer> (path: string, options: Call): Promise<Answer> {
  if (session.snapshot.remembered !== undefined) await session.look()
  return await call<Answer>(ROOT, path, { ...options, isBare: true })
}
