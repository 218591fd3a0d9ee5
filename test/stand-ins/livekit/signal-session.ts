import { DataPacket, DataPacket_Kind as DataKind, JoinResponse, LeaveRequest_Action as LeaveAction, ParticipantInfo, ParticipantInfo_State as State, RequestResponse_Reason as RequestReason, SignalRequest, SignalResponse, TrackInfo, TrackType, type AddTrackRequest, type DisconnectReason, type SessionDescription } from '@livekit/protocol'
import type { WebSocket } from 'ws'
import { enter, type Door } from './door.ts'
import { infoOf, mayPublish, REASONS, type DataMessage, type Member, type Reason } from './member.ts'
import { Peer, type Media } from './peer.ts'
import { snapshot, type OpenRoom } from './rooms.ts'
import { newSid } from './sids.ts'

/** Who is gone without a word is there for so long still. */
const GONE_MS = 15_000
const PING_SECONDS = { pingInterval: 5, pingTimeout: 15 }

type Said = NonNullable<NonNullable<ConstructorParameters<typeof SignalResponse>[0]>['message']>

/** What a page is going to send: told first, then offered, or the other way round. */
interface Sending {
  info?: TrackInfo
  media?: Media
}

/** Somebody in a room with LiveKit's own client: protocol buffers over a WebSocket, data and media over WebRTC. */
export class SignalSession {
  readonly #socket: WebSocket
  readonly #door: Door
  /** All that is sent in any room, by the sid of the track. */
  readonly #stage: Map<string, Media>
  readonly #room: OpenRoom
  readonly #member: Member
  readonly #peer = new Peer()
  /** By the page's own id. */
  readonly #sending = new Map<string, Sending>()
  #told = new Map<string, ParticipantInfo>()

  /** @throws JoinRefused */
  constructor (socket: WebSocket, token: string, offer: SessionDescription | undefined, door: Door, stage: Map<string, Media>) {
    this.#socket = socket
    this.#door = door
    this.#stage = stage
    let isIn = false
    const { room, member } = enter(token, door, {
      left: reason => this.#left(reason),
      changed: () => { if (isIn) this.#tell() },
      data: message => this.#pass(message)
    })
    isIn = true
    this.#room = room
    this.#member = member
    this.#peer.events
      .on('candidate', candidateInit => this.#say({ case: 'trickle', value: { candidateInit } }))
      .on('data', bytes => this.#hear(bytes))
      .on('sends', (cid, media) => this.#change(cid, { media }))
      .on('ended', cid => this.#ended(cid))
      .on('lacks', ({ audio, video }) => this.#say({ case: 'mediaSectionsRequirement', value: { numAudios: audio, numVideos: video } }))
    socket.on('message', (bytes: Buffer) => this.#answer(SignalRequest.fromBinary(bytes)))
    socket.on('close', () => {
      if (member.reason === undefined) door.clock.after(GONE_MS, () => door.rooms.leave(room, member, 'CONNECTION_TIMEOUT'))
    })
    this.#join(offer)
  }

  get identity (): string {
    return this.#member.identity
  }

  /** As when the network fails: the page has to come again. */
  cut (): void {
    this.#socket.terminate()
  }

  async close (): Promise<void> {
    this.#socket.terminate()
    await this.#peer.close()
  }

  #join (offer: SessionDescription | undefined): void {
    const others = this.#others()
    this.#told = new Map(others.map(info => [info.identity, info]))
    this.#say({
      case: 'join',
      value: new JoinResponse({
        room: snapshot(this.#room),
        participant: infoOf(this.#member),
        otherParticipants: others,
        serverInfo: { version: '1.9.0', protocol: 16, nodeId: 'ND_standin' },
        serverVersion: '1.9.0',
        enabledPublishCodecs: [{ mime: 'video/VP8' }, { mime: 'audio/opus' }],
        fastPublish: true,
        ...PING_SECONDS
      })
    })
    if (offer !== undefined) this.#offered(offer)
    this.#show()
  }

  #answer ({ message }: SignalRequest): void {
    switch (message.case) {
      case 'offer': return this.#offered(message.value)
      case 'trickle': return this.#candidate(message.value.candidateInit)
      case 'addTrack': return this.#add(message.value)
      case 'mute': return this.#mute(message.value.sid, message.value.muted)
      case 'leave': return this.#door.rooms.leave(this.#room, this.#member, 'CLIENT_INITIATED')
      case 'pingReq': return this.#say({ case: 'pongResp', value: { lastPingTimestamp: message.value.timestamp, timestamp: BigInt(Date.now()) } })
    }
  }

  #candidate (candidate: string): void {
    this.#peer.addCandidate(candidate).catch(error => this.#fail(error))
  }

  #offered ({ sdp, id }: SessionDescription): void {
    this.#peer.answer(sdp).then(answer => this.#say({ case: 'answer', value: { type: 'answer', id, ...answer } }), error => this.#fail(error))
  }

  #add ({ cid, type, source, name, width, height, muted, stream }: AddTrackRequest): void {
    if (!mayPublish(this.#member.permission, source)) return this.#say({ case: 'requestResponse', value: { reason: RequestReason.NOT_ALLOWED, message: 'does not have permission to publish' } })
    const info = new TrackInfo({ sid: newSid('TR'), type, source, name, width, height, muted, stream, mimeType: type === TrackType.AUDIO ? 'audio/opus' : 'video/VP8' })
    this.#say({ case: 'trackPublished', value: { cid, track: info } })
    this.#change(cid, { info })
  }

  /** Nobody hears of it before there is something to see. */
  #change (cid: string, change: Sending): void {
    const sending = { ...this.#sending.get(cid), ...change }
    this.#sending.set(cid, sending)
    const { info, media } = sending
    if (info === undefined || media === undefined || !mayPublish(this.#member.permission, info.source)) return
    this.#stage.set(info.sid, media)
    this.#door.rooms.publish(this.#room, this.#member, info)
  }

  #ended (cid: string): void {
    const sid = this.#sending.get(cid)?.info?.sid
    this.#sending.delete(cid)
    if (sid !== undefined) this.#door.rooms.unpublish(this.#room, this.#member, sid)
  }

  #mute (sid: string, isMuted: boolean): void {
    const info = [...this.#sending.values()].find(({ info }) => info?.sid === sid)?.info
    if (info === undefined) return
    info.muted = isMuted
    this.#door.rooms.changed(this.#room)
  }

  #hear (bytes: Buffer): void {
    const { value } = DataPacket.fromBinary(bytes)
    if (value.case !== 'user' || !this.#member.permission.canPublishData) return
    const { topic = '', payload, destinationIdentities, destinationSids } = value.value
    this.#door.rooms.send(this.#room, this.#member, topic, Buffer.from(payload), [...destinationIdentities, ...destinationSids])
  }

  #pass ({ from = '', topic, payload }: DataMessage): void {
    const participantSid = this.#room.members.get(from)?.sid ?? ''
    const packet = new DataPacket({ kind: DataKind.RELIABLE, participantIdentity: from, participantSid, value: { case: 'user', value: { participantIdentity: from, participantSid, topic, payload } } })
    this.#peer.send(Buffer.from(packet.toBinary()))
  }

  /** Who is there, and who is not any more; what the page no longer may send; and what it sees. */
  #tell (): void {
    const now = new Map(this.#others().map(info => [info.identity, info]))
    const gone = [...this.#told.values()].filter(({ sid, identity }) => now.get(identity)?.sid !== sid).map(info => new ParticipantInfo({ ...info, state: State.DISCONNECTED }))
    this.#told = now
    this.#say({ case: 'update', value: { participants: [...gone, infoOf(this.#member), ...now.values()] } })
    for (const [cid, { info, media }] of this.#sending) {
      if (info === undefined || media === undefined || this.#member.tracks.has(info.sid)) continue
      this.#sending.delete(cid)
      this.#stage.delete(info.sid)
      this.#say({ case: 'trackUnpublished', value: { trackSid: info.sid } })
    }
    this.#show()
  }

  #show (): void {
    const { permission: { canSubscribe } } = this.#member
    const shown = !canSubscribe
      ? []
      : this.#othersHere().flatMap(({ sid: participantSid, tracks }) => [...tracks.keys()].flatMap(sid => {
        const media = this.#stage.get(sid)
        return media === undefined ? [] : [{ sid, participantSid, media }]
      }))
    this.#peer.show(shown)
  }

  #othersHere (): Member[] {
    return [...this.#room.members.values()].filter(member => member !== this.#member && !member.permission.hidden)
  }

  #others (): ParticipantInfo[] {
    return this.#othersHere().map(infoOf)
  }

  #left (reason: Reason): void {
    for (const { info } of this.#sending.values()) {
      if (info !== undefined) this.#stage.delete(info.sid)
    }
    this.#say({ case: 'leave', value: { reason: REASONS[reason] as DisconnectReason, action: LeaveAction.DISCONNECT } })
    this.#socket.close(1000)
    void this.#peer.close()
  }

  /** The page writes down why. */
  #fail (error: Error): void {
    this.#socket.close(1011, String(error).slice(0, 120))
  }

  #say (message: Said): void {
    this.#socket.send(new SignalResponse({ message }).toBinary())
  }
}
