import { WebhookEvent } from 'livekit-server-sdk'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { RoomEvent } from '../../../src/rooms/provider.ts'
import { recordingOf } from './egress-info.ts'
import { presenceOf } from './participant-info.ts'

/** What LiveKit tells of. */
export interface ToldEvent {
  /** The same when it is told again. */
  id: string
  at: Date
  /** Undefined: nothing that anybody here wants to know. */
  event: RoomEvent | undefined
}

/** @throws HeadwaterError `INVALID_REQUEST` for what is no event of LiveKit's */
export function parseWebhookEvent (text: string): ToldEvent {
  const told = read(text)
  const { id, createdAt } = told
  if (id === '' || told.event as string === '' || createdAt === 0n) throw new HeadwaterError('INVALID_REQUEST', { message: 'The event has no name, id or time' })
  const at = new Date(Number(createdAt) * 1000)
  return { id, at, event: roomEventOf(told, { id, at }) }
}

function read (text: string): WebhookEvent {
  try {
    return WebhookEvent.fromJson(JSON.parse(text), { ignoreUnknownFields: true })
  } catch (cause) {
    throw new HeadwaterError('INVALID_REQUEST', { message: 'The body is no event of LiveKit', cause })
  }
}

function roomEventOf ({ event, room, participant, egressInfo }: WebhookEvent, happened: { id: string, at: Date }): RoomEvent | undefined {
  switch (event) {
    case 'room_started': return room && { type: 'room-started', ...happened, room: namesOf(room) }
    case 'room_finished': return room && { type: 'room-finished', ...happened, room: namesOf(room) }
    case 'participant_joined': return room && participant && { type: 'participant-joined', ...happened, room: namesOf(room), participant: presenceOf(participant) }
    case 'participant_left': return room && participant && { type: 'participant-left', ...happened, room: namesOf(room), participant: presenceOf(participant) }
    case 'egress_started':
    case 'egress_updated':
    case 'egress_ended': return egressInfo && { type: 'recording-changed', ...happened, recording: recordingOf(egressInfo) }
    default: return undefined
  }
}

function namesOf ({ name, sid }: { name: string, sid: string }): { name: string, sid: string } {
  return { name, sid }
}
