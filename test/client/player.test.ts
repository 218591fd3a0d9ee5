import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { Player, type LoadHls, type PlaybackState } from '../../src/client/player.ts'

/** Ranges of media, as an element gives them. */
const ranges = (...list: Array<[number, number]>) => ({ length: list.length, start: (i: number) => list[i]![0], end: (i: number) => list[i]![1] })

class Video extends EventTarget {
  readonly HAVE_FUTURE_DATA = 3
  readyState = 4
  paused = true
  ended = false
  currentTime = 0
  duration = Infinity
  src: string | undefined
  buffered = ranges()
  seekable = ranges()
  plays = 0
  /** Why it does not play. */
  refusal: string | undefined
  native = ''

  async play (): Promise<void> {
    this.plays++
    if (this.refusal !== undefined) throw Object.assign(new Error('no'), { name: this.refusal })
    this.paused = false
  }

  load (): void {}
  canPlayType (): string { return this.native }
  removeAttribute (): void { this.src = undefined }
  tell (...events: string[]): void { for (const event of events) this.dispatchEvent(new Event(event)) }
}

/** hls.js, as far as the player knows it. */
class FakeHls {
  static readonly Events = { FRAG_BUFFERED: 'fragBuffered', BUFFER_CODECS: 'bufferCodecs', ERROR: 'error' }
  static readonly ErrorTypes = { MEDIA_ERROR: 'mediaError', NETWORK_ERROR: 'networkError', OTHER_ERROR: 'otherError' }
  static supported = true
  static made: FakeHls[] = []
  static isSupported (): boolean { return FakeHls.supported }

  levels: unknown[] = [{}]
  latestLevelDetails: { live: boolean, targetduration: number } | undefined = { live: true, targetduration: 2 }
  latency = 4
  targetLatency = 4
  liveSyncPosition: number | null = 96
  readonly config: Record<string, unknown>
  readonly done: string[] = []
  readonly #listeners = new Map<string, (event: string, data: unknown) => void>()

  constructor (config: Record<string, unknown>) {
    this.config = config
    FakeHls.made.push(this)
  }

  on (event: string, listener: (event: string, data: unknown) => void): void { this.#listeners.set(event, listener) }
  tell (event: string, data: unknown = {}): void { this.#listeners.get(event)!(event, data) }
  attachMedia (): void { this.done.push('attachMedia') }
  loadSource (url: string): void { this.done.push(`loadSource ${url}`) }
  startLoad (): void { this.done.push('startLoad') }
  recoverMediaError (): void { this.done.push('recoverMediaError') }
  destroy (): void { this.done.push('destroy') }
}

const fatal = (type: string) => ({ type, details: 'x', fatal: true })
/** Lets promises that are settled do what follows from them. */
const settle = async () => { for (let i = 0; i < 5; i++) await Promise.resolve() }

interface Played { video: Video, player: Player, states: PlaybackState[], hls: () => FakeHls }

function setUp (t: Test, { loadHls = async () => ({ default: FakeHls as never }), mediaSource = true }: { loadHls?: LoadHls, mediaSource?: boolean } = {}): Played {
  mock.timers.enable({ apis: ['setTimeout'] })
  FakeHls.made = []
  FakeHls.supported = true
  const page = globalThis as Record<string, unknown>
  if (mediaSource) page['MediaSource'] = class {}
  const video = new Video()
  const player = new Player({ video: video as never, loadHls })
  const states: PlaybackState[] = []
  player.on('change', ({ playback }) => { if (states.at(-1) !== playback) states.push(playback) })
  t.teardown(() => {
    player.destroy()
    mock.timers.reset()
    delete page['MediaSource']
  })
  return { video, player, states, hls: () => FakeHls.made.at(-1)! }
}

async function playing (t: Test): Promise<Played> {
  const set = setUp(t)
  set.player.load('live.m3u8')
  await settle()
  set.video.paused = false
  set.video.tell('playing')
  return set
}

t.test('it begins with enough in hand, once', async t => {
  const { video, player, states, hls } = setUp(t)
  t.equal(player.snapshot.playback, 'idle')
  player.load(new URL('http://host/live.m3u8'))
  await settle()
  t.strictSame(hls().done, ['attachMedia', 'loadSource http://host/live.m3u8'])
  t.equal((hls().config['manifestLoadPolicy'] as any).default.maxTimeToFirstByteMs, 15_000, 'the server may hold it for 10 s')
  video.buffered = ranges([10, 12])
  hls().tell('fragBuffered')
  t.equal(video.plays, 0, '2 s are too few')
  video.buffered = ranges([10, 14])
  hls().tell('fragBuffered')
  t.equal(video.plays, 1)
  hls().tell('bufferCodecs', { audio: {} })
  t.strictSame(player.snapshot.tracks, { audio: true, video: false })
  video.tell('playing')
  hls().tell('fragBuffered')
  t.equal(video.plays, 1, 'from now on a hand decides')
  t.strictSame(states, ['loading', 'playing'])
})

t.test('a recording begins with its first segment', async t => {
  const { video, player, hls } = setUp(t)
  player.load('stream.m3u8')
  await settle()
  hls().latestLevelDetails = { live: false, targetduration: 2 }
  video.buffered = ranges([0, 1])
  hls().tell('fragBuffered')
  t.equal(video.plays, 1)
  t.equal(player.secondsBehindLive, undefined)
})

t.test('a picture that stands still is stalled, after a moment', async t => {
  const { video, states } = await playing(t)
  video.tell('waiting')
  mock.timers.tick(799)
  video.tell('timeupdate')
  mock.timers.tick(10_000)
  t.strictSame(states, ['loading', 'playing'], 'it moved again in time')
  video.tell('waiting', 'waiting')
  mock.timers.tick(800)
  t.equal(states.at(-1), 'stalled')
  video.readyState = 2
  video.tell('timeupdate')
  t.equal(states.at(-1), 'stalled', 'a seek is no picture')
  video.readyState = 4
  video.tell('timeupdate')
  t.equal(states.at(-1), 'playing')
})

t.test('pause and end', async t => {
  const { video, player, states } = await playing(t)
  video.tell('pause')
  video.tell('playing')
  video.ended = true
  video.tell('pause', 'ended')
  t.strictSame(states, ['loading', 'playing', 'paused', 'playing', 'finished'])
  player.stop()
  video.ended = false
  video.tell('pause')
  t.equal(player.snapshot.playback, 'idle')
})

t.test('where a hand is needed, it waits for one', async t => {
  const { video, player, hls } = setUp(t)
  video.refusal = 'NotAllowedError'
  player.load('live.m3u8')
  await settle()
  video.buffered = ranges([0, 4])
  hls().tell('fragBuffered')
  await settle()
  t.equal(player.snapshot.playback, 'paused')
})

t.test('fatal network errors: it goes on after ever longer waits, then begins anew', async t => {
  const { video, player, hls } = await playing(t)
  const first = hls()
  const starts = () => first.done.filter(done => done === 'startLoad').length
  const waits: number[] = []
  for (const ms of [1_000, 2_000, 4_000, 8_000]) {
    first.tell('error', fatal('networkError'))
    mock.timers.tick(ms - 1)
    t.equal(starts(), waits.length, `not before ${ms} ms`)
    mock.timers.tick(1)
    waits.push(ms)
    t.equal(starts(), waits.length, `after ${ms} ms`)
  }
  first.tell('error', fatal('networkError'))
  mock.timers.tick(8_000)
  await settle()
  t.equal(FakeHls.made.length, 2, 'begun anew')
  t.equal(first.done.at(-1), 'destroy')
  video.tell('playing')
  hls().tell('error', fatal('networkError'))
  mock.timers.tick(1_000)
  t.equal(hls().done.at(-1), 'startLoad', 'a picture that moves makes waits short again')
  t.equal(player.snapshot.errors.length, 6)
})

t.test('without a playlist all begins anew', async t => {
  const { player, hls } = setUp(t)
  player.load('live.m3u8')
  await settle()
  hls().levels = []
  hls().tell('error', fatal('networkError'))
  mock.timers.tick(1_000)
  await settle()
  t.equal(FakeHls.made.length, 2)
  t.equal(player.snapshot.playback, 'loading')
})

t.test('decoding errors are recovered from, twice in a row', async t => {
  const { hls } = await playing(t)
  const first = hls()
  first.tell('error', fatal('mediaError'))
  first.tell('error', fatal('mediaError'))
  t.equal(first.done.filter(done => done === 'recoverMediaError').length, 2)
  first.tell('error', fatal('mediaError'))
  mock.timers.tick(1_000)
  await settle()
  t.equal(FakeHls.made.length, 2)
})

t.test('errors are kept, the last 50, and told', async t => {
  const { player, hls } = await playing(t)
  const told: string[] = []
  player.on('error', ({ details }) => told.push(details))
  for (let i = 0; i < 60; i++) hls().tell('error', { type: 'networkError', details: `e${i}`, fatal: false })
  t.equal(told.length, 60)
  t.equal(player.snapshot.errors.length, 50)
  t.match(player.snapshot.errors.at(-1), { type: 'networkError', details: 'e59', fatal: false, at: Number })
})

t.test('hls.js that cannot be loaded is asked for again', async t => {
  let asked = 0
  const { player } = setUp(t, {
    loadHls: async () => {
      if (++asked < 4) throw new TypeError('Failed to fetch')
      return { default: FakeHls as never }
    }
  })
  await settle()
  t.equal(asked, 1, 'before there is anything to play')
  player.load('live.m3u8')
  for (const ms of [1_000, 2_000]) {
    await settle()
    mock.timers.tick(ms)
  }
  await settle()
  t.equal(asked, 4)
  t.equal(FakeHls.made.length, 1)
})

t.test('what was loaded too late is not played', async t => {
  const { player } = setUp(t)
  player.load('one.m3u8')
  player.stop()
  await settle()
  t.equal(FakeHls.made.length, 0)
  player.load('one.m3u8')
  player.load('two.m3u8')
  await settle()
  t.equal(FakeHls.made.length, 1)
  t.equal(FakeHls.made[0]!.done.at(-1), 'loadSource two.m3u8')
})

t.test('natively, where there is no Media Source', async t => {
  let asked = 0
  const { video, player } = setUp(t, {
    mediaSource: false,
    loadHls: async () => {
      asked++
      return { default: FakeHls as never }
    }
  })
  video.native = 'maybe'
  player.load('live.m3u8')
  t.match([video.src, video.plays, asked], ['live.m3u8', 1, 0], 'hls.js is not even loaded')
  video.tell('playing')
  t.equal(player.secondsBehindLive, undefined)
  video.seekable = ranges([0, 30])
  video.currentTime = 25
  video.tell('timeupdate')
  t.equal(player.snapshot.behindLive, false)
  video.currentTime = 10
  video.tell('timeupdate')
  t.equal(player.snapshot.behindLive, true)
  player.goLive()
  t.equal(video.currentTime, 30)
  video.tell('error')
  // It asks first whether the server refuses.
  await settle()
  mock.timers.tick(1_000)
  t.equal(video.plays, 3, 'it tries again')
})

t.test('nothing can play it', async t => {
  const { player } = setUp(t)
  FakeHls.supported = false
  player.load('live.m3u8')
  await settle()
  t.equal(player.snapshot.playback, 'unsupported')
})

t.test('behind live', async t => {
  const { video, player, hls } = await playing(t)
  t.equal(player.secondsBehindLive, 4)
  t.equal(player.snapshot.behindLive, false)
  hls().latency = 8
  video.tell('timeupdate')
  t.equal(player.snapshot.behindLive, false, 'this much it makes up for by itself')
  hls().latency = 8.1
  video.tell('timeupdate')
  t.equal(player.snapshot.behindLive, true)
  player.goLive()
  t.match([video.currentTime, video.plays], [96, 1])
  hls().latency = 4
  video.tell('timeupdate')
  t.equal(player.snapshot.behindLive, false)
  video.paused = true
  video.tell('pause')
  t.equal(player.snapshot.behindLive, true, 'paused, it falls behind')
})

t.test('destroyed, it listens no more', async t => {
  const { video, player, states, hls } = await playing(t)
  player.destroy()
  t.equal(hls().done.at(-1), 'destroy')
  video.tell('playing', 'waiting', 'ended')
  mock.timers.tick(10_000)
  t.equal(states.at(-1), 'idle')
})
