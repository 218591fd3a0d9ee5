import { EventEmitter } from 'node:events'
import { MediaStreamTrack, PictureLossIndication, RTCPeerConnection, RTCRtpCodecParameters, RtcpPayloadSpecificFeedback, rtpHeaderExtensionsParser, RTP_EXTENSION_URI, useSdesMid, useSdesRTPStreamId, type RTCDataChannel, type RTCDtlsTransport, type RTCRtpTransceiver, type RtpPacket } from 'werift'

export type MediaKind = 'audio' | 'video'

/** Picture or sound as it comes from a page, packet by packet. */
export interface Media {
  kind: MediaKind
  track: MediaStreamTrack
  /** Asks for a whole picture: who comes later cannot begin with less. */
  refresh: () => void
}

/** What somebody is to see and hear. */
export interface Shown {
  sid: string
  /** Of who sends it. */
  participantSid: string
  media: Media
}

export interface Answer {
  sdp: string
  /** Which track is in which section. */
  midToTrackId: Record<string, string>
}

interface PeerEvents {
  /** An ICE candidate, as JSON. */
  candidate: [string]
  data: [Buffer]
  /** The page sends something new, by its own id of it; and does so no more. */
  sends: [string, Media]
  ended: [string]
  /** The page has to offer anew, with so many more sections. */
  lacks: [Record<MediaKind, number>]
}

interface Incoming {
  /** The page's id. */
  cid: string
  /** Which size of a picture in several is taken: the first that is offered. */
  rid: string | undefined
  media: Media
}

const OPUS = new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2 })
const VP8 = new RTCRtpCodecParameters({ mimeType: 'video/VP8', clockRate: 90_000, rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }] })

/**
 * The media of one page: one WebRTC connection for all that it sends and sees, as LiveKit's clients have it, on loopback
 * alone. The page offers, this answers. Packets go from page to page as they are.
 */
export class Peer {
  readonly events = new EventEmitter<PeerEvents>()
  readonly #connection = new RTCPeerConnection({
    codecs: { audio: [OPUS], video: [VP8] },
    headerExtensions: { audio: [useSdesMid()], video: [useSdesMid(), useSdesRTPStreamId()] },
    bundlePolicy: 'max-bundle',
    iceServers: [],
    iceUseIpv4: false,
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ['127.0.0.1']
  })

  /** By mid. */
  readonly #incoming = new Map<string, Incoming>()
  /** A page names the section in its first packets only. */
  readonly #midOfSsrc = new Map<number, string>()
  /** By sid of the track. */
  #shown = new Map<string, Shown>()
  readonly #sections = new Map<string, RTCRtpTransceiver>()
  #transport: RTCDtlsTransport | undefined
  #channel: RTCDataChannel | undefined
  #unsent: Buffer[] = []
  #answered: Promise<unknown> = Promise.resolve()

  constructor () {
    this.#connection.onIceCandidate.subscribe(candidate => {
      if (candidate !== undefined) this.events.emit('candidate', JSON.stringify(candidate.toJSON()))
    })
    this.#connection.onDataChannel.subscribe(channel => {
      channel.onMessage.subscribe(message => { this.events.emit('data', Buffer.from(message)) })
      if (channel.label !== '_reliable') return
      this.#channel = channel
      for (const bytes of this.#unsent.splice(0)) channel.send(bytes)
    })
  }

  /** One offer after the other. */
  async answer (offer: string): Promise<Answer> {
    const answer = this.#answered.then(() => this.#answer(offer))
    this.#answered = answer.catch(() => {})
    return await answer
  }

  /** @param candidate as JSON */
  async addCandidate (candidate: string): Promise<void> {
    await this.#connection.addIceCandidate(JSON.parse(candidate))
  }

  /** The whole of it counts. */
  show (shown: Shown[]): void {
    this.#shown = new Map(shown.map(one => [one.sid, one]))
    const isChanged = shown.some(({ sid }) => !this.#sections.has(sid)) || [...this.#sections.keys()].some(sid => !this.#shown.has(sid))
    if (this.#transport !== undefined && isChanged) this.events.emit('lacks', { audio: this.#lack('audio'), video: this.#lack('video') })
  }

  send (bytes: Buffer): void {
    if (this.#channel === undefined) this.#unsent.push(bytes)
    else this.#channel.send(bytes)
  }

  async close (): Promise<void> {
    this.events.removeAllListeners()
    await this.#connection.close()
  }

  async #answer (offer: string): Promise<Answer> {
    await this.#connection.setRemoteDescription({ type: 'offer', sdp: offer })
    this.#listen()
    for (const transceiver of this.#connection.getTransceivers()) this.#follow(transceiver)
    this.#fill()
    await this.#connection.setLocalDescription(await this.#connection.createAnswer())
    // Otherwise the next section that the page adds takes the place of an idle one.
    for (const transceiver of this.#connection.getTransceivers()) transceiver.usedForSender = true
    for (const sid of this.#sections.keys()) this.#shown.get(sid)?.media.refresh()
    return { sdp: withoutRefusals(this.#connection.localDescription!.sdp), midToTrackId: Object.fromEntries([...this.#sections].map(([sid, { mid }]) => [mid!, sid])) }
  }

  #listen (): void {
    if (this.#transport !== undefined) return
    this.#transport = this.#connection.dtlsTransports[0]!
    this.#transport.onRtp.subscribe(packet => this.#take(packet))
  }

  #take (packet: RtpPacket): void {
    const { ssrc, extensions } = packet.header
    const { [RTP_EXTENSION_URI.sdesMid]: mid, [RTP_EXTENSION_URI.sdesRTPStreamID]: rid } = rtpHeaderExtensionsParser(extensions, this.#connection.extIdUriMap)
    if (typeof mid === 'string' && this.#incoming.get(mid)?.rid === rid) this.#midOfSsrc.set(ssrc, mid)
    const media = this.#incoming.get(this.#midOfSsrc.get(ssrc) ?? '')?.media
    if (media === undefined) return
    const isFirst = media.track.ssrc !== ssrc
    media.track.ssrc = ssrc
    media.track.onReceiveRtp.execute(packet.clone())
    if (isFirst) media.refresh()
  }

  /** What a page sends in a section, from one offer to the next. */
  #follow ({ mid, kind, offerDirection, receiver }: RTCRtpTransceiver): void {
    const before = this.#incoming.get(mid!)
    const cid = offerDirection === 'recvonly' || offerDirection === 'sendrecv' ? receiver.remoteTrackId : undefined
    if (before?.cid === cid) return
    if (before !== undefined) {
      this.#incoming.delete(mid!)
      this.events.emit('ended', before.cid)
    }
    if (cid === undefined) return
    const track = new MediaStreamTrack({ kind, remote: true, codec: kind === 'audio' ? OPUS : VP8 })
    const media = { kind: kind as MediaKind, track, refresh: () => { if (kind === 'video' && track.ssrc !== undefined) this.#askForPicture(track.ssrc) } }
    this.#incoming.set(mid!, { cid, rid: Object.keys(receiver.trackByRID)[0], media })
    this.events.emit('sends', cid, media)
  }

  #askForPicture (mediaSsrc: number): void {
    void this.#transport!.sendRtcp([new RtcpPayloadSpecificFeedback({ feedback: new PictureLossIndication({ senderSsrc: 1, mediaSsrc }) })])
  }

  /** A section that is given up is free again when the page has been told. */
  #fill (): void {
    for (const [sid, section] of this.#sections) {
      if (this.#shown.has(sid)) continue
      this.#sections.delete(sid)
      void section.sender.replaceTrack(null)
      section.setDirection('inactive')
    }
    for (const { sid, participantSid, media } of this.#shown.values()) {
      if (this.#sections.has(sid)) continue
      const section = this.#free(media.kind)[0]
      if (section === undefined) continue
      this.#sections.set(sid, section)
      section.sender.streamIds = [`${participantSid}|${sid}`]
      section.sender.registerTrack(media.track)
      section.sender.onPictureLossIndication.subscribe(() => this.#sections.get(sid) === section && media.refresh())
      section.setDirection('sendonly')
    }
  }

  #lack (kind: MediaKind): number {
    const waiting = [...this.#shown.values()].filter(({ sid, media }) => media.kind === kind && !this.#sections.has(sid))
    return Math.max(0, waiting.length - this.#free(kind).length)
  }

  /** Sections in which the page only receives, and nothing is sent. */
  #free (kind: MediaKind): RTCRtpTransceiver[] {
    const used = new Set(this.#sections.values())
    return this.#connection.getTransceivers().filter(section => section.kind === kind && section.offerDirection === 'sendonly' && !used.has(section) && (section.currentDirection ?? 'inactive') === 'inactive')
  }
}

/** A section in which nothing flows is written as one that is refused, which could not be used later. */
function withoutRefusals (answer: string): string {
  return answer.replace(/^(m=(?:audio|video)) 0 /gm, '$1 9 ')
}
