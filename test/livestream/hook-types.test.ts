import t from 'tap'
import { HeadwaterError, type HeadwaterOptions, type LiveCore, type LivestreamOptions } from '../../src/index.ts'
import { HOST_HOOKS, separateHooks, type HostHooks } from '../../src/livestream/host-hooks.ts'

/** What a host may write. */
const RIGHT: LivestreamOptions[] = [
  {},
  { maxStreams: 3, authorizePublish: ({ streamKey, userId }) => streamKey === `${userId}-live` },
  { authorizePublish: async ({ action, credential, signal }) => action === 'start' && credential !== undefined && !signal.aborted },
  { authorizePlayback: async ({ resource, query: { ticket }, headers: { cookie } }) => resource === 'thumbnail' || ticket === cookie },
  { onStreamStarted: ({ startedAt, resumed }) => { startedAt.getTime().toFixed(resumed === true ? 1 : 0) } },
  { onStreamEnded: async ({ durationSeconds, reason, title }, signal) => { signal.throwIfAborted(); `${reason} ${title ?? ''}`.padEnd(durationSeconds) } },
  { onSegmentListed: ({ path, url, sequence }) => { `${path}${url}`.at(sequence) } }
]

/** What a host must not write: a line without an error would be one. */
const WRONG: LivestreamOptions[] = [
  // @ts-expect-error: yes or no
  { authorizePublish: () => 'yes' },
  // @ts-expect-error: nothing is no answer
  { authorizePublish: async () => {} },
  // @ts-expect-error: no such hook
  { authoriseplayback: () => true },
  // @ts-expect-error: a hook is a function
  { authorizePlayback: true },
  // @ts-expect-error: the resume token is the broadcaster's alone
  { onStreamStarted: ({ resumeToken }) => { String(resumeToken) } },
  // @ts-expect-error: a playback request has no user
  { authorizePlayback: ({ userId }) => userId === 'alice' },
  // @ts-expect-error: there is no such action
  { authorizePublish: ({ action }) => action === 'delete' }
]

/** Compiled, not run. */
export function whatAHostMayDo (core: LiveCore): void {
  const { events } = core
  events.on('stream-ended', ({ segmentCount }) => { segmentCount.toFixed() })
  core.playbackUrl('show', { playlist: 'live.m3u8', expiresAt: new Date() }).toUpperCase()
  // @ts-expect-error: no such event
  events.on('ended', () => {})
  // @ts-expect-error: the payload has no stream
  events.on('stream-started', ({ stream }) => stream)
  // @ts-expect-error: payloads are to read
  events.on('segment-listed', event => { event.bytes = 0 })
  // @ts-expect-error: no such playlist
  core.playbackUrl('show', { playlist: 'other.m3u8' })
}

t.test('hooks are options beside the settings', async t => {
  const whole: HeadwaterOptions = { livestream: RIGHT[1]! }
  t.match(separateHooks(whole.livestream!), { hooks: { authorizePublish: Function }, settings: { maxStreams: 3 } })
  for (const options of RIGHT) t.strictSame(Object.keys({ ...separateHooks(options).hooks, ...separateHooks(options).settings }).sort(), Object.keys(options).sort())
  t.strictSame(separateHooks({ authorizePlayback: undefined } as unknown as HostHooks), { hooks: {}, settings: {} }, 'undefined is not given')
  t.equal(WRONG.length, 7)
})

t.test('what is no function is refused at once', async t => {
  for (const name of HOST_HOOKS) {
    for (const wrong of [true, null, 'x', {}]) t.throws(() => separateHooks({ [name]: wrong } as HostHooks), new HeadwaterError('CONFIG_INVALID', { message: `${name} must be a function` }))
  }
})
