import type { Fault } from '../media/epoch/fault.ts'
import type { ErrorBody } from './envelope.ts'

export type { ErrorBody }

/** The events of the livestream API (docs/api/livestream.md, 2 and 3), with their payloads. */

export interface StreamStarted {
  streamKey: string
  /** `broadcasting`: it begins; `active`: it goes on. */
  status: 'broadcasting' | 'active'
  message?: string
  /** Proves ownership. Only for the broadcaster. */
  resumeToken?: string
  /** The number of the chunk to send next. Only for the broadcaster. */
  nextSeq?: number
  /** Path of the playlist to share, signed where the server signs. Only for the broadcaster. */
  playbackUrl?: string
}

/** The answer to a chunk, for clients that give an acknowledgement callback. */
export interface ChunkAnswer extends Partial<ErrorBody> {
  /** The chunk was taken: the next one may come. With an error: the highest chunk that was taken. */
  seq: number
  /** The highest chunk that is listed and on disk together with all before it; the client may forget them. -1: none. */
  safeSeq: number
}

/** An acknowledgement callback of a client: anything may come instead. */
export type Answer<T> = (answer: T | ErrorBody) => void

export interface ServerEvents {
  'stream-started': (payload: StreamStarted) => void
  'stream-ended': (payload: { streamKey: string, reason?: string }) => void
  'stream-error': (payload: ErrorBody) => void
  'stream-joined': (payload: { streamKey: string, viewerCount: number, isLive: boolean }) => void
  'viewer-joined': (payload: { streamKey: string, viewerCount: number }) => void
  'viewer-left': (payload: { streamKey: string, viewerCount: number }) => void
  'stream-segments-updated': (payload: { streamKey: string, segmentCount: number }) => void
  /** Added: the broadcaster is gone and may come back; viewers keep what they have. */
  'stream-reconnecting': (payload: { streamKey: string, windowSeconds: number }) => void
  /** Added: a fault holds the stream's segments up or makes them late (`degraded`), or they come again, in time (`good`). Nothing is lost by it. */
  'stream-condition': (payload: { streamKey: string, condition: 'good' | 'degraded', reason: Fault | null }) => void
  /** Added: lets Socket.IO's own client recover its session (see RecoveryAdapter). */
  'session-offset': (offset: string) => void
}

export interface ClientEvents {
  'start-stream': (payload: unknown, answer?: unknown) => void
  'stream-data': (payload: unknown, answer?: unknown) => void
  'join-stream': (payload: unknown, answer?: unknown) => void
  'end-stream': (payload: unknown, answer?: unknown) => void
  'leave-stream': (payload: unknown, answer?: unknown) => void
}
