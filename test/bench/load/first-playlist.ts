import { get } from '../../chaos/output.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'
import { Broadcast, type BroadcastOptions } from './broadcast.ts'

/** From the first chunk to the first playlist that can be played, in milliseconds, for a viewer who was there before. @throws Error when there is none */
export async function firstPlaylistMs (options: BroadcastOptions): Promise<number> {
  const { url, name, chunkMs } = options
  const broadcast = new Broadcast(options)
  try {
    if (!await broadcast.start()) throw new Error(`${name} was refused: ${broadcast.report.refusal}`)
    const { status, body } = await get(`${url}/livestream/${name}/live.m3u8`)
    const ms = performance.now() - (broadcast.report.beganAt + chunkMs)
    const [first] = status === 200 ? readPlaylist(body.toString()).segments : []
    if (first === undefined) throw new Error(`${name}: the first playlist is answered ${status}: ${body.toString()}`)
    const segment = await get(`${url}/livestream/${name}/${first.name}`)
    if (segment.status !== 200 || segment.body.length === 0) throw new Error(`${name}: the first segment is answered ${segment.status}`)
    return ms
  } finally {
    await broadcast.end()
  }
}
