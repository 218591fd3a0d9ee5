/** A session as the API lists it (docs/api/live-sessions.md 2.4). Times are ISO 8601, or null where they are not set. */
export interface LiveSession {
  session_id: string
  title: string
  session_type: SessionType
  status: SessionStatus
  current_viewers: number
  max_participants: number
  is_public: boolean
  is_recorded: boolean
  owner_id: number
  owner_name: string
  scheduled_at: string | null
  started_at: string | null
  created_at: string
}

export interface SessionDetails extends LiveSession {
  description: string | null
  /** At this moment. */
  is_recording: boolean
  /** For the owner of a private one: what lets in who is invited. */
  invite_token?: string
}

export type SessionType = 'teaching' | 'interview' | 'coding' | 'workshop'
export type SessionStatus = 'scheduled' | 'live' | 'ended' | 'cancelled'
export type SessionRole = 'host' | 'co_host' | 'speaker' | 'viewer'

/** What somebody gets who may come in. */
export interface Joined {
  /** Opens the room. */
  access_token: string
  /** Of the LiveKit server. */
  server_url: string
  role: SessionRole
  /** Path of the socket of rooms on this server; only where there is no LiveKit server. */
  socket_path?: string
  /** There, of the host: the stream that it sends. */
  stream_key?: string
  /** There: the playlist of that stream, with what lets this person watch. */
  playback_url?: string
}

export interface Recording {
  id: number
  session_id: string
  title: string
  recording_url: string
  /** Seconds. */
  duration: number
  size_bytes: number
  created_at: string
}
