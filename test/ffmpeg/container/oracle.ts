import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input, type InputTrack } from 'mediabunny'

export interface OraclePacket {
  timeUs: number
  key: boolean
}

/** What another demuxer, mediabunny, finds in the first video and in the first audio track. */
export async function packetsOf (bytes: Uint8Array): Promise<{ video: OraclePacket[], audio: OraclePacket[] }> {
  const input = new Input({ source: new BufferSource(Uint8Array.from(bytes)), formats: ALL_FORMATS })
  try {
    return {
      video: await packetsOfTrack(await input.getPrimaryVideoTrack()),
      audio: await packetsOfTrack(await input.getPrimaryAudioTrack())
    }
  } finally {
    input.dispose()
  }
}

async function packetsOfTrack (track: InputTrack | null): Promise<OraclePacket[]> {
  const packets: OraclePacket[] = []
  if (track === null) return packets
  for await (const packet of new EncodedPacketSink(track).packets()) {
    packets.push({ timeUs: Math.round(packet.timestamp * 1e6), key: packet.type === 'key' })
  }
  return packets
}
