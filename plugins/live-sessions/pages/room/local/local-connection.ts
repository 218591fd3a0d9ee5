import type { RoomClientMessage, RoomPerson, RoomServerMessage, LeftReason } from '../../../../../src/rooms/local-messages.ts'
import type { Joined } from '../../api/live-session.ts'
import { roleOf, RoomConnection, type ConnectionOptions, type LeftWhy, type Person } from '../connection.ts'

export type RoomSocket = Pick<WebSocket, 'onopen' | 'onmessage' | 'onclose' | 'send' | 'close' | 'readyState'>

/** Longer without the first answer, and there is no connection. */
const FIRST_ANSWER_MS = 10_000
const OPEN = 1

/** Why one is out; undefined: it makes sense to come again. */
const WHY: Record<LeftReason, LeftWhy | undefined> = { left: 'left', removed: 'removed', 'room-closed': 'closed', duplicate: 'elsewhere', full: 'full', flood: 'flood', token: undefined, 'server-closed': undefined }

/** A room of this server, over its socket (src/rooms/local-messages.ts). */
export class LocalConnection extends RoomConnection {
  readonly #open: () => RoomSocket
  #socket: RoomSocket | undefined
  /** The others by their identity, and oneself. */
  #people = new Map<string, RoomPerson>()
  #you = ''

  constructor (options: ConnectionOptions, open: () => RoomSocket) {
    super(options, FIRST_ANSWER_MS)
    this.#open = open
  }

  protected override connect ({ access_token: token }: Joined): void {
    const socket = this.#socket = this.#open()
    socket.onopen = () => this.#write({ type: 'join', token })
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(String(data)) as RoomServerMessage)
    socket.onclose = () => this.lost()
  }

  protected override disconnect (): void {
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }

  protected override async send (topic: string, text: string): Promise<void> {
    if (this.snapshot.connection !== 'connected' || this.#socket?.readyState !== OPEN) throw new Error('There is no connection at the moment.')
    this.#write({ type: 'data', topic, payload: text })
  }

  #write (message: RoomClientMessage): void {
    this.#socket!.send(JSON.stringify(message))
  }

  #hear (message: RoomServerMessage): void {
    switch (message.type) {
      case 'joined':
        this.#you = message.you.identity
        this.#people = new Map([message.you, ...message.participants].map(person => [person.identity, person]))
        this.#show()
        break
      case 'participant-joined':
      case 'participant-changed':
        this.#people.set(message.participant.identity, message.participant)
        this.#show()
        break
      case 'participant-left':
        // Who came again meanwhile has another connection.
        if (this.#people.get(message.identity)?.sid === message.sid) this.#people.delete(message.identity)
        this.#show()
        break
      case 'data': {
        const from = message.from === null ? undefined : this.#people.get(message.from)
        if (from !== undefined || message.from === null) this.heard(message.topic, from && personOf(from), message.payload)
        break
      }
      case 'left': {
        const why = WHY[message.reason]
        if (why === undefined) this.lost()
        else this.ended(why)
        break
      }
    }
  }

  #show (): void {
    const all = [...this.#people.values()]
    const you = this.#people.get(this.#you)
    if (you !== undefined) this.entered(personOf(you), all.filter(person => person !== you).map(personOf))
  }
}

function personOf ({ identity, name, attributes }: RoomPerson): Person {
  return { identity, name, role: roleOf(attributes.role) }
}
