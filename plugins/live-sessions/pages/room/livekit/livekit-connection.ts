import { DisconnectReason, Room, RoomEvent, type Participant } from 'livekit-client'
import type { Joined } from '../../api/live-session.ts'
import { roleOf, RoomConnection, type ConnectionOptions, type LeftWhy, type Person } from '../connection.ts'

/** Why one is out for good; any other reason, and it makes sense to come again. */
const WHY: Partial<Record<DisconnectReason, LeftWhy>> = {
  [DisconnectReason.DUPLICATE_IDENTITY]: 'elsewhere',
  [DisconnectReason.PARTICIPANT_REMOVED]: 'removed',
  [DisconnectReason.ROOM_DELETED]: 'closed',
  [DisconnectReason.ROOM_CLOSED]: 'closed'
}

/** Longer than its client waits for the signalling, its first message and the media, 15, 5 and 15 s. */
const PATIENCE_MS = 40_000

const decoder = new TextDecoder()

/** A room of a LiveKit server. Short losses of the connection its client bridges by itself. */
export class LivekitConnection extends RoomConnection {
  readonly room = new Room({ adaptiveStream: true, dynacast: true })

  constructor (options: ConnectionOptions) {
    super(options, PATIENCE_MS)
    const show = () => this.#show()
    this.room
      .on(RoomEvent.Connected, show)
      .on(RoomEvent.Reconnected, show)
      .on(RoomEvent.ParticipantConnected, show)
      .on(RoomEvent.ParticipantDisconnected, show)
      .on(RoomEvent.ParticipantAttributesChanged, show)
      .on(RoomEvent.ParticipantNameChanged, show)
      .on(RoomEvent.Reconnecting, () => this.update({ connection: 'reconnecting' }))
      .on(RoomEvent.DataReceived, (data, from, _kind, topic) => this.heard(topic, from && personOf(from), decoder.decode(data)))
      .on(RoomEvent.Disconnected, reason => {
        // By `disconnect`.
        if (reason === DisconnectReason.CLIENT_INITIATED) return
        const why = reason === undefined ? undefined : WHY[reason]
        if (why === undefined) this.lost()
        else this.ended(why)
      })
  }

  protected override connect ({ server_url: url, access_token: token }: Joined): void {
    this.room.connect(url, token).catch(() => this.lost())
  }

  protected override disconnect (): void {
    void this.room.disconnect()
  }

  protected override async send (topic: string, text: string): Promise<void> {
    await this.room.localParticipant.publishData(new TextEncoder().encode(text), { reliable: true, topic })
  }

  #show (): void {
    this.entered(personOf(this.room.localParticipant), [...this.room.remoteParticipants.values()].filter(({ isAgent }) => !isAgent).map(personOf))
  }
}

function personOf ({ identity, name, attributes }: Participant): Person {
  return { identity, name: name === undefined || name === '' ? identity : name, role: roleOf(attributes.role) }
}
