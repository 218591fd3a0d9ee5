import { ParticipantPermission, type Room, type TrackInfo, type ParticipantInfo } from 'livekit-server-sdk'
import type { VideoGrant } from './access.ts'
import { count, flag, part, text, texts, type Fields } from './fields.ts'
import { infoOf } from './member.ts'
import { snapshot, type Rooms } from './rooms.ts'
import { refuse } from './twirp-error.ts'

/** What a method answers: messages are written as LiveKit does it. */
export type Message = Room | ParticipantInfo | TrackInfo | { toJson (options: object): unknown }
export type Answer = Message | Record<string, Message | Message[]>

export interface Method {
  /** What the token has to allow. */
  needs: keyof VideoGrant
  /** The token has to be for the room that the request names. */
  isOfRoom?: boolean
  /** @throws TwirpError */
  run (fields: Fields): Answer | Promise<Answer>
}

const MAX_METADATA_BYTES = 512 * 1024
const MAX_ATTRIBUTES_BYTES = 64 * 1024
const MAX_NAME_BYTES = 256

const metadataOf = (fields: Fields) => text(fields, 'metadata', MAX_METADATA_BYTES)

export function roomService (rooms: Rooms): Record<string, Method> {
  const ofRoom = (run: Method['run']): Method => ({ needs: 'roomAdmin', isOfRoom: true, run })
  const memberOf = (fields: Fields) => rooms.member(text(fields, 'room'), text(fields, 'identity'))

  return {
    CreateRoom: {
      needs: 'roomCreate',
      run: fields => {
        const name = text(fields, 'name', MAX_NAME_BYTES)
        if (name === '') refuse('invalid_argument', 'room name cannot be empty')
        return snapshot(rooms.create({ name, metadata: metadataOf(fields), emptyTimeout: count(fields, 'emptyTimeout'), departureTimeout: count(fields, 'departureTimeout'), maxParticipants: count(fields, 'maxParticipants') }))
      }
    },
    ListRooms: {
      needs: 'roomList',
      run: fields => {
        const names = texts(fields, 'names')
        return { rooms: rooms.all().filter(({ name }) => names.length === 0 || names.includes(name)).map(snapshot) }
      }
    },
    DeleteRoom: {
      needs: 'roomCreate',
      run: fields => {
        rooms.close(rooms.get(text(fields, 'room')), 'ROOM_DELETED')
        return {}
      }
    },
    UpdateRoomMetadata: ofRoom(fields => {
      const room = rooms.get(text(fields, 'room'))
      rooms.setMetadata(room, metadataOf(fields))
      return snapshot(room)
    }),
    ListParticipants: ofRoom(fields => ({ participants: [...rooms.find(text(fields, 'room'))?.members.values() ?? []].map(infoOf) })),
    GetParticipant: ofRoom(fields => infoOf(memberOf(fields))),
    RemoveParticipant: ofRoom(fields => {
      const member = memberOf(fields)
      rooms.leave(rooms.get(text(fields, 'room')), member, 'PARTICIPANT_REMOVED')
      return {}
    }),
    UpdateParticipant: ofRoom(fields => {
      const member = memberOf(fields)
      const metadata = metadataOf(fields)
      const name = text(fields, 'name', MAX_NAME_BYTES)
      if (metadata !== '') member.metadata = metadata
      if (name !== '') member.name = name
      member.attributes = changedAttributes(member.attributes, part(fields, 'attributes') ?? {})
      const permission = part(fields, 'permission')
      rooms.setPermission(rooms.get(text(fields, 'room')), member, permission === undefined ? member.permission : wholePermission(permission))
      return infoOf(member)
    }),
    MutePublishedTrack: ofRoom(fields => {
      const track = memberOf(fields).tracks.get(text(fields, 'trackSid')) ?? refuse('not_found', 'track is not found')
      if (!flag(fields, 'muted')) refuse('failed_precondition', 'remote unmute not enabled')
      track.muted = true
      return { track }
    }),
    SendData: ofRoom(fields => {
      const room = rooms.get(text(fields, 'room'))
      rooms.send(room, undefined, text(fields, 'topic'), Buffer.from(text(fields, 'data'), 'base64'), [...texts(fields, 'destinationIdentities'), ...texts(fields, 'destinationSids')])
      return {}
    })
  }
}

/** Those that are empty go; what is not named stays. */
function changedAttributes (before: Record<string, string>, changes: Fields): Record<string, string> {
  const after = Object.fromEntries(Object.entries({ ...before, ...changes }).map(([name, value]) => [name, String(value)]).filter(([, value]) => value !== ''))
  if (Buffer.byteLength(Object.entries(after).flat().join('')) > MAX_ATTRIBUTES_BYTES) refuse('invalid_argument', 'attributes are too large')
  return after
}

/** Every field of it counts; what is left out is taken away. */
function wholePermission (fields: Fields): ParticipantPermission {
  return ParticipantPermission.fromJson(fields as Parameters<typeof ParticipantPermission.fromJson>[0])
}
