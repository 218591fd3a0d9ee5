import Fastify from 'fastify'
import t from 'tap'
import { headwater, liveCore, livestream, webUi, type LiveCore, type LivestreamOptions } from '../../src/index.ts'

/** Never run: it has to compile, and what is marked must not. */
export async function checkTypes (): Promise<void> {
  const app = Fastify()
  const options: LivestreamOptions = { streamsDir: 'a', publishAuth: 'key', publishKeys: ['b'], publicBaseUrl: '/c' }
  await app.register(livestream, { ...options, prefix: '/live', logLevel: 'warn' })
  await app.register(livestream)
  await app.register(liveCore, { maxStreams: 1 })
  await app.register(headwater, { prefix: '/all', livestream: options })
  await app.register(webUi)

  const core: LiveCore = app.liveCore
  core.config.segmentTargetSeconds.toFixed()
  core.streams.on('started', stream => { stream.key.toUpperCase() })
  core.streams.on('ended', (stream, reason) => `${stream.userId} ${reason.toUpperCase()}`)
  core.streams.on('segment-listed', (stream, segment) => segment.durationMs + (stream.packager?.segmentCount ?? 0))
  core.streams.on('troubled', (_stream, error) => error.retryAfterMs?.toFixed())
  core.streams.get('a')?.viewers.size.toFixed()

  // @ts-expect-error settings have types
  await app.register(livestream, { maxStreams: '10' })
  // @ts-expect-error and names
  await app.register(livestream, { maxStream: 10 })
  // @ts-expect-error of the words that a setting takes
  await app.register(livestream, { publishAuth: 'none' })
  // @ts-expect-error what is left out is left out, not undefined
  await app.register(liveCore, { streamsDir: undefined })
  // @ts-expect-error of the whole, the settings of the live core have a place of their own
  await app.register(headwater, { streamsDir: 'a' })
  // @ts-expect-error Fastify's own options too
  await app.register(livestream, { prefix: 1 })
  // @ts-expect-error a decorator is what it is declared as
  app.decorate('liveCore', 42)
  // @ts-expect-error there is no such thing in it
  void core.gateway
  // @ts-expect-error nobody else gives it other settings
  core.config = { ...core.config }
  // @ts-expect-error there is no such event
  core.streams.on('begun', () => {})
  // @ts-expect-error a started stream has no reason
  core.streams.on('started', (_stream, reason: string) => reason)
  // @ts-expect-error the reason of an end is a text
  core.streams.on('ended', (_stream, reason: number) => reason)
  // @ts-expect-error a stream may not be there
  core.streams.get('a').key.toUpperCase()
}

t.test('options and decorators are typed', async t => { t.type(checkTypes, 'function') })
