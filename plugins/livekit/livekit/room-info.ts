import type { Room as RoomInfo } from 'livekit-server-sdk'
import type { Room } from '../../../src/rooms/provider.ts'

/** What sids of rooms look like. Somebody may have given a room such a name. */
export const ROOM_SID = /^RM_[A-Za-z0-9]+$/

export function roomOf ({ name, sid, metadata, maxParticipants, creationTime, numParticipants }: RoomInfo): Room {
  return { name, sid, metadata, maxParticipants, createdAt: new Date(Number(creationTime) * 1000), participants: numParticipants }
}

/** The newest first. */
export function newestFirst (rooms: readonly RoomInfo[]): RoomInfo[] {
  return [...rooms].sort((one, other) => createdMs(other) - createdMs(one))
}

/** Older servers know whole seconds alone. */
function createdMs ({ creationTime, creationTimeMs }: RoomInfo): number {
  return Number(creationTimeMs) || Number(creationTime) * 1000
}
