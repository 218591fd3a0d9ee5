import t from 'tap'
import * as client from '../../src/client/index.ts'
import { Audience, Broadcaster, captureCamera, ClientError, Player, type BroadcastSnapshot } from '../../src/client/index.ts'

/** Never run: it has to compile, and what is marked must not. */
export async function checkTypes (stream: MediaStream, video: HTMLVideoElement): Promise<void> {
  const broadcaster = new Broadcaster({ streamKey: 'a', userId: 'b', server: 'https://example.org', maxKeptBytes: 1, format: 'webm-vp8' })
  const off: () => void = broadcaster.on('change', ({ state, stats }) => `${state satisfies string} ${stats.lagSeconds.toFixed(1)}`)
  off()
  broadcaster.on('trouble', error => error.retryAfterMs?.toFixed())
  broadcaster.on('gap', ({ cause, seconds }) => cause === 'window-over' && seconds > 1)
  await broadcaster.start(stream)
  broadcaster.replace(await captureCamera({ camera: false, microphone: 'an id' }))
  const snapshot: BroadcastSnapshot = broadcaster.snapshot
  if (snapshot.error instanceof ClientError) snapshot.error.code.toUpperCase()
  new Audience({ streamKey: 'a' }).on('stream-ended', ({ reason }) => reason?.length)
  new Player({ video, loadHls: async () => await import('hls.js') }).load(new URL('https://example.org/a.m3u8'))

  // @ts-expect-error a stream has a key and an owner
  new Broadcaster({ streamKey: 'a' }) // eslint-disable-line no-new
  // @ts-expect-error settings have names
  new Broadcaster({ streamKey: 'a', userId: 'b', chunkMilliseconds: 1 }) // eslint-disable-line no-new
  // @ts-expect-error and units
  new Broadcaster({ streamKey: 'a', userId: 'b', chunkMs: '250' }) // eslint-disable-line no-new
  // @ts-expect-error there is no such event
  broadcaster.on('progress', () => {})
  // @ts-expect-error a MediaStream is recorded
  await broadcaster.start(video)
  // @ts-expect-error nobody but the broadcaster changes what is known of it
  broadcaster.snapshot = snapshot
  // @ts-expect-error another state is none
  broadcaster.on('state', state => state === 'broadcasting')
  // @ts-expect-error hls.js is handed in
  new Player({ video }) // eslint-disable-line no-new
}

t.test('what the library offers', async t => {
  t.same(Object.keys(client).sort(), [
    'Audience', 'BROADCASTER_DEFAULTS', 'BROADCAST_STATES', 'Broadcaster', 'ClientError', 'Emitter', 'Player', 'RECORDING_FORMATS', 'Stateful',
    'captureCamera', 'captureScreen', 'chooseMimeType', 'formatOf', 'isOver', 'listDevices', 'serverRoot', 'streamUrl'
  ].sort())
})
