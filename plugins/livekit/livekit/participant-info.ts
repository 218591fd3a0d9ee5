import { ParticipantInfo_State as State, TrackSource as SourceInfo, type ParticipantInfo, type ParticipantPermission } from 'livekit-server-sdk'
import type { Participant, Permissions, TrackSource } from '../../../src/rooms/provider.ts'

/** Of `ParticipantInfo.Kind`, which the SDK does not give out: neither ingress, recorder, telephone line nor agent. */
const STANDARD = 0

const SOURCES: ReadonlyArray<[TrackSource, SourceInfo]> = [
  ['camera', SourceInfo.CAMERA],
  ['microphone', SourceInfo.MICROPHONE],
  ['screen_share', SourceInfo.SCREEN_SHARE],
  ['screen_share_audio', SourceInfo.SCREEN_SHARE_AUDIO]
]

export function participantOf (info: ParticipantInfo): Participant {
  const { attributes, permission, joinedAt, joinedAtMs } = info
  return {
    ...presenceOf(info),
    attributes: { ...attributes },
    permissions: permissionsOf(permission),
    joinedAt: new Date(Number(joinedAtMs) || Number(joinedAt) * 1000)
  }
}

/** What events tell, too. */
export function presenceOf ({ identity, sid, name, kind }: ParticipantInfo): Pick<Participant, 'identity' | 'sid' | 'name' | 'isPerson'> {
  return { identity, sid, name, isPerson: Number(kind) === STANDARD }
}

/** Who is leaving is listed for a moment. */
export function isConnected ({ state }: ParticipantInfo): boolean {
  return state !== State.DISCONNECTED
}

/** In full: what is not in it is taken away. */
export function permissionInfo ({ canPublish, sources, canSubscribe, canPublishData }: Permissions): Partial<ParticipantPermission> {
  return {
    canPublish,
    canPublishSources: canPublish ? SOURCES.filter(([source]) => sources.includes(source)).map(([, info]) => info) : [],
    canSubscribe,
    canPublishData,
    canUpdateMetadata: false,
    hidden: false
  }
}

/** Of a server that does not say: nothing. */
function permissionsOf (info: ParticipantPermission | undefined): Permissions {
  return {
    canPublish: info?.canPublish ?? false,
    sources: SOURCES.filter(([, source]) => info?.canPublishSources.includes(source)).map(([source]) => source),
    canSubscribe: info?.canSubscribe ?? false,
    canPublishData: info?.canPublishData ?? false
  }
}
