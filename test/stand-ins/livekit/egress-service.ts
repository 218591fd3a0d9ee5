import type { Egress } from './egress.ts'
import { flag, part, text, type Fields } from './fields.ts'
import { fileOutputOf } from './recording-file.ts'
import type { Method } from './room-service.ts'
import type { Rooms } from './rooms.ts'
import { refuse } from './twirp-error.ts'

export function egressService (rooms: Rooms, egress: Egress): Record<string, Method> {
  const recording = (run: Method['run']): Method => ({
    needs: 'roomRecord',
    run: fields => {
      if (!egress.hasRedis) refuse('internal', 'egress not connected (redis required)')
      return run(fields)
    }
  })
  const start = (roomName: string, output: Fields | undefined) => {
    const room = rooms.get(roomName)
    if (output === undefined) return refuse('invalid_argument', 'request has missing or invalid field: output')
    return egress.start(room, fileOutputOf(output, room))
  }

  return {
    StartRoomCompositeEgress: recording(fields => start(text(fields, 'roomName'), firstOf(fields, 'fileOutputs') ?? part(fields, 'file'))),
    StartEgress: recording(fields => {
      const output = firstOf(fields, 'outputs')
      const file = output === undefined ? undefined : part(output, 'file')
      // There the place stands beside what is written to it.
      const storage = part(output ?? {}, 'storage') ?? part(fields, 'storage') ?? {}
      return start(text(fields, 'roomName'), file === undefined ? undefined : { ...storage, ...file })
    }),
    ListEgress: recording(fields => ({ items: egress.list({ roomName: text(fields, 'roomName'), id: text(fields, 'egressId'), isActive: flag(fields, 'active') }) })),
    StopEgress: recording(fields => egress.stop(text(fields, 'egressId')))
  }
}

function firstOf (fields: Fields, name: string): Fields | undefined {
  const list = fields[name]
  return Array.isArray(list) ? list[0] as Fields | undefined : undefined
}
