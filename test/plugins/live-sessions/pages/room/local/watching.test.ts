import { mock } from 'node:test'
import t, { type Test } from 'tap'
import type { Joined } from '../../../../../../plugins/live-sessions/pages/api/live-session.ts'
import type { RoomConnection } from '../../../../../../plugins/live-sessions/pages/room/connection.ts'
import { Watching, type WatchingOptions } from '../../../../../../plugins/live-sessions/pages/room/local/watching.ts'

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

const GOES_ON = '#EXTM3U\n'
const HAS_ENDED = '#EXTM3U\n#EXT-X-ENDLIST\n'

interface Watched {
  watching: Watching
  video: Video
  /** What the server has. */
  playlist: { text: string, status: number }
  asked: string[]
  settle: () => Promise<void>
  pass: () => Promise<void>
}

function watched (t: Test, text: string, renew: WatchingOptions['renew'] = async () => { throw new Error('not needed') }): Watched {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const playlist = { text, status: 200 }
  const asked: string[] = []
  t.intercept(globalThis, 'fetch', {
    value: async (url: URL) => {
      asked.push(url.pathname)
      return new Response(playlist.text, { status: playlist.status })
    }
  })
  const video = new Video()
  const watching = new Watching({
    server: new URL('http://host/'),
    video: video as never,
    loadHls: async () => { throw new Error('not needed') },
    connection: { on: () => () => {} } as unknown as RoomConnection,
    joined: () => ({ playback_url: '/livestream/live-1/live.m3u8?viewer=a' }) as Joined,
    renew
  })
  t.teardown(() => watching.close())
  watching.load()
  const pass = async () => {
    mock.timers.tick(5_000)
    await settle()
  }
  return { watching, video, playlist, asked, settle, pass }
}

t.test('the picture comes back by itself, should nobody say so', async t => {
  const { watching, video, playlist, asked, settle, pass } = watched(t, GOES_ON)
  await settle()
  t.equal(watching.player.snapshot.playback, 'loading')
  video.dispatchEvent(new Event('ended'))
  t.equal(watching.player.snapshot.playback, 'finished')
  playlist.text = HAS_ENDED
  await pass()
  await pass()
  t.strictSame(asked, ['/livestream/live-1/live.m3u8', '/livestream/live-1/live.m3u8', '/livestream/live-1/live.m3u8'])
  t.equal(watching.player.snapshot.playback, 'finished')
  playlist.text = GOES_ON
  await pass()
  t.equal(watching.player.snapshot.playback, 'loading')

  video.dispatchEvent(new Event('ended'))
  watching.close()
  asked.length = 0
  await pass()
  t.strictSame(asked, [], 'who has gone does not ask')
})

t.test('who comes when the host has stopped is not shown what was', async t => {
  const { watching, playlist, settle, pass } = watched(t, HAS_ENDED)
  await settle()
  t.equal(watching.player.snapshot.playback, 'idle')
  await pass()
  t.equal(watching.player.snapshot.playback, 'idle')
  playlist.text = GOES_ON
  await pass()
  t.equal(watching.player.snapshot.playback, 'loading')
})

t.test('who has gone does not join again', async t => {
  let joins = 0
  let refuse: (why: Error) => void = () => {}
  const { watching, video, playlist, settle, pass } = watched(t, GOES_ON, async () => {
    joins++
    return await new Promise<Joined>((_resolve, reject) => { refuse = reject })
  })
  await settle()
  Object.assign(playlist, { status: 403, text: '{}' })
  video.dispatchEvent(new Event('error'))
  await settle()
  t.equal(watching.player.snapshot.playback, 'refused')
  await pass()
  t.equal(joins, 1)
  refuse(new Error('not now'))
  await settle()
  await pass()
  t.equal(joins, 2, 'who watches still tries again')
  watching.close()
  refuse(new Error('not now'))
  await settle()
  await pass()
  await pass()
  t.equal(joins, 2)
})
