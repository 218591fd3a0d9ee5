import { mock } from 'node:test'
import t from 'tap'
import type { Joined } from '../../../../../../plugins/live-sessions/pages/api/live-session.ts'
import type { RoomConnection } from '../../../../../../plugins/live-sessions/pages/room/connection.ts'
import { Watching } from '../../../../../../plugins/live-sessions/pages/room/local/watching.ts'

/** An element that plays playlists by itself. */
class Video extends EventTarget {
  src: string | undefined
  readonly HAVE_FUTURE_DATA = 3
  readonly seekable = { length: 0 }
  async play (): Promise<void> {}
  load (): void {}
  canPlayType (): string { return 'maybe' }
  removeAttribute (): void { this.src = undefined }
}

const settle = async () => { for (let i = 0; i < 10; i++) await Promise.resolve() }

t.test('the picture comes back by itself, should nobody say so', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const playlist = { text: '#EXTM3U\n#EXT-X-ENDLIST\n', status: 200 }
  const asked: string[] = []
  t.intercept(globalThis, 'fetch', {
    value: async (url: URL) => {
      asked.push(url.pathname)
      return new Response(playlist.text, { status: playlist.status })
    }
  })
  const pass = async () => {
    mock.timers.tick(5_000)
    await settle()
  }
  const video = new Video()
  const watching = new Watching({
    server: new URL('http://host/'),
    video: video as never,
    loadHls: async () => { throw new Error('not needed') },
    connection: { on: () => () => {} } as unknown as RoomConnection,
    joined: () => ({ playback_url: '/livestream/live-1/live.m3u8?viewer=a' }) as Joined,
    renew: async () => { throw new Error('not needed') }
  })
  t.teardown(() => watching.close())
  watching.load()
  video.dispatchEvent(new Event('ended'))
  t.equal(watching.player.snapshot.playback, 'finished')
  await pass()
  playlist.status = 404
  await pass()
  t.strictSame(asked, ['/livestream/live-1/live.m3u8', '/livestream/live-1/live.m3u8'])
  t.equal(watching.player.snapshot.playback, 'finished')
  Object.assign(playlist, { text: '#EXTM3U\n', status: 200 })
  await pass()
  t.equal(watching.player.snapshot.playback, 'loading')

  video.dispatchEvent(new Event('ended'))
  watching.close()
  asked.length = 0
  await pass()
  t.strictSame(asked, [], 'who has gone does not ask')
})
