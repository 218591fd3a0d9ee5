import { Broadcaster, captureCamera, ClientError, Player, type BroadcastState } from 'headwater/client'

export async function goLive (video: HTMLVideoElement): Promise<BroadcastState> {
  const broadcaster = new Broadcaster({ server: 'https://live.example.org', streamKey: 'mine', userId: 'me' })
  broadcaster.on('change', ({ state, viewers }) => { video.title = `${state}: ${viewers}` })
  try {
    await broadcaster.start(await captureCamera())
  } catch (error) {
    if (error instanceof ClientError) video.title = error.code
  }
  new Player({ video, loadHls: async () => await import('hls.js') }).load(new URL('https://live.example.org/livestream/mine/live.m3u8'))
  return broadcaster.snapshot.state
}

// @ts-expect-error a broadcast has an owner
export const nobody = new Broadcaster({ streamKey: 'mine' })
// @ts-expect-error there is no Node.js in a browser's project
export const buffer = Buffer.alloc(1)
