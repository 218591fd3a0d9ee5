import { Stateful } from '../../../../src/client/stateful.ts'
import { ApiFailure } from '../../../../src/page-parts/api/failure.ts'
import type { Joined, SessionRole } from '../api/live-session.ts'

export interface Person {
  /** The id of the account. */
  identity: string
  name: string
  role: SessionRole
}

export interface ChatMessage {
  /** Tells messages apart. */
  key: number
  name: string
  /** As it was written: shown as text, never as HTML. */
  text: string
  at: Date
  isYours: boolean
}

/**
 * - `connecting`: for the first time, and that has neither failed yet nor taken long
 * - `connected`
 * - `reconnecting`: it is tried again by itself; who never was in has no `you`
 * - `left`: nothing follows; `why` says more
 */
export type Connection = 'connecting' | 'connected' | 'reconnecting' | 'left'

/**
 * - `elsewhere`: the same person has come from another page, which counts
 * - `uninvited`: an invitation is needed, or the one that was brought is not good
 */
export type LeftWhy = 'left' | 'removed' | 'uninvited' | 'closed' | 'elsewhere' | 'full' | 'logged-out' | 'flood'

export interface RoomState {
  readonly connection: Connection
  readonly why: LeftWhy | undefined
  /** Undefined until one is in. */
  readonly you: Person | undefined
  readonly others: readonly Person[]
  /** The newest last; what was said before one came is not there. */
  readonly messages: readonly ChatMessage[]
}

/** What those who lead tell all the others' pages: that something about the session, or the picture, is new. */
export type News = 'session' | 'picture'

export interface RoomEvents {
  news: News
}

export interface ConnectionOptions {
  joined: Joined
  /** Joins once more, for a token that is good still. @throws ApiFailure */
  renew: () => Promise<Joined>
}

/** The topic of the chat among what is sent in a room. */
export const CHAT = 'chat'
/** The longest message, in bytes. */
export const MAX_CHAT_BYTES = 4_096
/** So many messages are kept. */
const KEPT_MESSAGES = 500
/** Who is not in by then is told so; what was begun goes on, and may yet do. */
const NOTICE_MS = 10_000
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 15_000
/** So much of a pause may fall away, so that not all come back together to a server that was away. */
const JITTER = 0.5

export const NOBODY: RoomState = { connection: 'connecting', why: undefined, you: undefined, others: [], messages: [] }

/**
 * Somebody in the room of a session, whoever runs the room: people, chat and news, through every loss of the connection,
 * until `leave()`. Who is removed does not come again.
 */
export abstract class RoomConnection extends Stateful<RoomState, RoomEvents> {
  readonly #options: ConnectionOptions
  readonly #patienceMs: number
  #retryMs = FIRST_RETRY_MS
  #retry: ReturnType<typeof setTimeout> | undefined
  /** Of a try to come in. */
  #deadline: ReturnType<typeof setTimeout> | undefined
  #notice: ReturnType<typeof setTimeout> | undefined
  #said = 0

  /** @param patienceMs a try to come in that has come to nothing by then is given up */
  constructor (options: ConnectionOptions, patienceMs: number) {
    super(NOBODY)
    this.#options = options
    this.#patienceMs = patienceMs
  }

  start (): void {
    this.#notice = setTimeout(() => { if (this.snapshot.connection === 'connecting') this.update({ connection: 'reconnecting' }) }, NOTICE_MS)
    this.#try(this.#options.joined)
  }

  leave (): void {
    this.ended('left')
  }

  /** To all who are there. @throws Error when there is no connection */
  async say (text: string): Promise<void> {
    await this.send(CHAT, text)
    this.heardChat(this.snapshot.you?.name ?? '', text, true)
  }

  /** Where there is no connection, the others find out by themselves. */
  tell (news: News): void {
    if (this.snapshot.connection === 'connected') void this.send(news, '').catch(() => {})
  }

  /** Calls `entered`, and later `lost` or `ended`. */
  protected abstract connect (joined: Joined): void
  protected abstract disconnect (): void
  protected abstract send (topic: string, text: string): Promise<void>

  protected entered (you: Person, others: readonly Person[]): void {
    clearTimeout(this.#deadline)
    this.#retryMs = FIRST_RETRY_MS
    this.update({ connection: 'connected', you, others })
  }

  /** Comes again by itself, after a while, however often it is told. */
  protected lost (): void {
    clearTimeout(this.#deadline)
    this.disconnect()
    if (this.snapshot.connection === 'left' || this.#retry !== undefined) return
    this.update({ connection: 'reconnecting' })
    this.#retry = setTimeout(() => { void this.#again() }, this.#retryMs * (1 - JITTER * Math.random()))
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS)
  }

  protected ended (why: LeftWhy): void {
    for (const timer of [this.#retry, this.#deadline, this.#notice]) clearTimeout(timer)
    if (this.snapshot.connection !== 'left') this.update({ connection: 'left', why, others: [] })
    this.disconnect()
  }

  protected heardChat (name: string, text: string, isYours = false): void {
    const message = { key: this.#said++, name, text, at: new Date(), isYours }
    this.update({ messages: [...this.snapshot.messages, message].slice(-KEPT_MESSAGES) })
  }

  /** @param from undefined: the server */
  protected heard (topic: string | undefined, from: Person | undefined, text: string): void {
    if (topic === CHAT && from !== undefined) this.heardChat(from.name, text)
    else if ((topic === 'session' || topic === 'picture') && (from === undefined || mayLead(from.role))) this.emit('news', topic)
  }

  #try (joined: Joined): void {
    this.#deadline = setTimeout(() => this.lost(), this.#patienceMs)
    this.connect(joined)
  }

  async #again (): Promise<void> {
    this.#retry = undefined
    try {
      const joined = await this.#options.renew()
      if (this.snapshot.connection !== 'left') this.#try(joined)
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      const why = refusalOf(error)
      if (why === undefined) this.lost()
      else this.ended(why)
    }
  }
}

/** Who gives roles, and removes people. */
export function mayLead (role: SessionRole): boolean {
  return role === 'host' || role === 'co_host'
}

/** Why joining makes no sense any more; undefined where a later try may do. */
export function refusalOf ({ status, code }: Pick<ApiFailure, 'status' | 'code'>): LeftWhy | undefined {
  if (code === 'SESSION_FULL') return 'full'
  if (code === 'INVALID_INVITE_TOKEN') return 'uninvited'
  switch (status) {
    case 401: return 'logged-out'
    case 403: return 'removed'
    case 404:
    case 409: return 'closed'
    default: return undefined
  }
}

/** How much of a message is too much, in bytes; 0: it may be sent. */
export function excessOf (text: string): number {
  return Math.max(0, new TextEncoder().encode(text).length - MAX_CHAT_BYTES)
}

const ROLES = new Set<string>(['host', 'co_host', 'speaker', 'viewer'] satisfies SessionRole[])

/** @param given the attribute `role` of somebody in the room */
export function roleOf (given: string | undefined): SessionRole {
  return given !== undefined && ROLES.has(given) ? given as SessionRole : 'viewer'
}
