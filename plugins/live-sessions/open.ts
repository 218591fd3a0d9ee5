import type { LiveSessionsConfig } from '../../src/config/live-sessions.ts'
import type { Log } from '../../src/log.ts'
import type { Database, Orm } from '../../src/platform/database/database.ts'
import type { State } from '../../src/platform/state/state.ts'
import type { Recordings } from '../../src/recordings/recordings.ts'
import type { RoomProvider } from '../../src/rooms/provider.ts'
import { Invitations } from './invitations.ts'
import { Joining } from './joining.ts'
import { Lifecycle } from './lifecycle.ts'
import { LookingAfter } from './looking-after.ts'
import { PlaybackTickets } from './playback-tickets.ts'
import { Seats } from './seats.ts'
import { SessionRecordings } from './session-recordings.ts'
import { SessionRooms } from './session-rooms.ts'
import { SessionStreams, type RunningStreams } from './session-streams.ts'
import { StreamAccess } from './stream-access.ts'
import { LIVE_SESSIONS_MIGRATIONS } from './tables.ts'

/** What servers say to each other: a session is over, or somebody was thrown out. */
type Message = { type: 'over', sessionId: string } | { type: 'removed', sessionId: string, userId: number }

const CHANNEL = 'live-sessions'

export interface OpenLiveSessionsOptions {
  config: LiveSessionsConfig
  database: Database
  state: State
  provider: RoomProvider
  recordings: Recordings
  /** Of invitations, and of addresses to watch at; none of anything else. */
  secrets: { invitations: string, playback: string }
  running: RunningStreams
  log: Log
}

/** What the routes of the feature stand on; it knows nothing of Fastify. */
export interface LiveSessions {
  readonly config: LiveSessionsConfig
  readonly orm: Orm
  readonly provider: RoomProvider
  readonly rooms: SessionRooms
  readonly invitations: Invitations
  readonly tickets: PlaybackTickets
  readonly lifecycle: Lifecycle
  readonly joining: Joining
  readonly recordings: SessionRecordings
  readonly streams: StreamAccess
  /** Compares who is there with the rooms, from now on. */
  start (): void
  close (): Promise<void>
}

/** All parts of the feature, put together. */
export async function openLiveSessions (options: OpenLiveSessionsOptions): Promise<LiveSessions> {
  const { config, database, state: { presence, channels, locks }, provider, secrets, running, log } = options
  await database.migrate(LIVE_SESSIONS_MIGRATIONS)
  const { orm } = database
  const intervalMs = config.reconcileSeconds * 1_000
  const tell = async (message: Message) => { await channels.publish(CHANNEL, message) }
  const rooms = new SessionRooms(provider, config)
  const seats = new Seats(presence, config)
  const tickets = new PlaybackTickets(secrets.playback, config.hostTokenSeconds)
  // Each time it is asked somebody is seen: before they are taken for gone.
  const rememberedMs = Math.min(intervalMs, config.presenceTimeoutSeconds * 1_000 / 2)
  const streams = new StreamAccess({ orm, provider, tickets, seats, rememberedMs })
  const sessionStreams = new SessionStreams({ running, orm, rooms })
  const unsubscribe = await channels.subscribe(CHANNEL, async message => {
    const { sessionId, ...told } = message as Message
    if (told.type === 'over') await sessionStreams.end(sessionId)
    else streams.forget(sessionId, told.userId)
  })
  const recordings = new SessionRecordings({ recordings: options.recordings, orm, rooms, log })
  const lifecycle = new Lifecycle({ orm, rooms, seats, recordings, endStream: async sessionId => { await tell({ type: 'over', sessionId }) }, log })
  const joining = new Joining({ orm, rooms, seats, tellRemoved: async (sessionId, userId) => { await tell({ type: 'removed', sessionId, userId }) }, log })
  const lookingAfter = new LookingAfter({ orm, rooms, seats, streams: sessionStreams, lifecycle, locks, intervalMs, log })
  const endEvents = provider.onEvent(async event => { await lookingAfter.hear(event) })
  return {
    config,
    orm,
    provider,
    rooms,
    invitations: new Invitations(secrets.invitations),
    tickets,
    lifecycle,
    joining,
    recordings,
    streams,
    start: () => { lookingAfter.start() },
    close: async () => {
      endEvents()
      await recordings.close()
      await lookingAfter.close()
      await unsubscribe()
    }
  }
}
