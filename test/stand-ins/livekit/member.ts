import { ParticipantInfo, ParticipantInfo_State as State, ParticipantPermission, TrackInfo, TrackSource, TrackType } from 'livekit-server-sdk'
import type { Claims, VideoGrant } from './access.ts'
import { newSid } from './sids.ts'

export const SOURCES = {
  camera: TrackSource.CAMERA,
  microphone: TrackSource.MICROPHONE,
  screen_share: TrackSource.SCREEN_SHARE,
  screen_share_audio: TrackSource.SCREEN_SHARE_AUDIO
}
export type Source = keyof typeof SOURCES

export const KINDS = { standard: 0, ingress: 1, egress: 2, sip: 3, agent: 4 } as const
export type Kind = keyof typeof KINDS

/** Why somebody is no longer there. */
export const REASONS = { CLIENT_INITIATED: 1, DUPLICATE_IDENTITY: 2, PARTICIPANT_REMOVED: 4, ROOM_DELETED: 5, ROOM_CLOSED: 10, CONNECTION_TIMEOUT: 12 } as const
export type Reason = keyof typeof REASONS

/** Whoever hears what happens to a member: its client. */
export interface Listener {
  left (reason: Reason): void
  changed (): void
  data (message: DataMessage): void
}

export interface DataMessage {
  /** Undefined: the server. */
  from: string | undefined
  topic: string
  payload: Buffer
}

/** Somebody in a room, for as long as one connection. */
export interface Member {
  identity: string
  sid: string
  name: string
  metadata: string
  attributes: Record<string, string>
  permission: ParticipantPermission
  kind: Kind
  joinedMs: number
  tracks: Map<string, TrackInfo>
  reason: Reason | undefined
  listener: Listener
}

export function newMember ({ sub = '', name = '', metadata = '', attributes = {}, video = {} }: Claims, kind: Kind, joinedMs: number, listener: Listener): Member {
  return { identity: sub, sid: newSid('PA'), name, metadata, attributes: { ...attributes }, permission: permissionOf(video), kind, joinedMs, tracks: new Map(), reason: undefined, listener }
}

/** What a token does not say is allowed; data goes with publishing. */
function permissionOf ({ canPublish = true, canSubscribe = true, canPublishData = canPublish, canPublishSources = [], canUpdateOwnMetadata = false, hidden = false, recorder = false }: VideoGrant): ParticipantPermission {
  const sources = canPublishSources.flatMap(source => Object.hasOwn(SOURCES, source) ? [SOURCES[source as Source]] : [])
  return new ParticipantPermission({ canPublish, canSubscribe, canPublishData, canPublishSources: sources, canUpdateMetadata: canUpdateOwnMetadata, hidden, recorder })
}

export function mayPublish ({ canPublish, canPublishSources }: ParticipantPermission, source: TrackSource): boolean {
  return canPublish && (canPublishSources.length === 0 || canPublishSources.includes(source))
}

/** Neither counted nor a reason to keep a room open. */
export function isDependent ({ kind }: Member): boolean {
  return kind === 'egress' || kind === 'agent'
}

export function newTrack (source: Source): TrackInfo {
  const isAudio = source === 'microphone' || source === 'screen_share_audio'
  return new TrackInfo({ sid: newSid('TR'), source: SOURCES[source], type: isAudio ? TrackType.AUDIO : TrackType.VIDEO, mimeType: isAudio ? 'audio/opus' : 'video/VP8' })
}

/** As it is told. */
export function infoOf ({ identity, sid, name, metadata, attributes, permission, kind, joinedMs, tracks, reason }: Member): ParticipantInfo {
  return new ParticipantInfo({
    identity,
    sid,
    name,
    metadata,
    attributes,
    permission,
    kind: KINDS[kind],
    state: reason === undefined ? State.ACTIVE : State.DISCONNECTED,
    joinedAt: BigInt(Math.floor(joinedMs / 1000)),
    joinedAtMs: BigInt(joinedMs),
    tracks: [...tracks.values()],
    isPublisher: tracks.size > 0,
    version: 1,
    ...(reason === undefined ? {} : { disconnectReason: REASONS[reason] })
  })
}
