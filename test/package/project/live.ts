import Fastify from 'fastify'
import { configSchema, listSettings, type Config } from 'headwater/config'
import { ERROR_CODES, HeadwaterError, type ErrorCode } from 'headwater/errors'
import { livestream, type LivestreamOptions } from 'headwater/livestream'

const live: LivestreamOptions = { streamsDir: 'streams', maxStreams: 10, publishAuth: 'key', publishKeys: ['0123456789abcdef'] }
const app = Fastify()
await app.register(livestream, { ...live, prefix: '/live' })

export const portOf = (config: Config): number => config.server.port
export const names: string[] = listSettings().map(({ env }) => env)
export const codes: readonly ErrorCode[] = ERROR_CODES
export const status: number = new HeadwaterError('STREAM_NOT_FOUND', { streamKey: 'a' }).statusCode
export const sections: string[] = Object.keys(configSchema.properties)

// @ts-expect-error a setting has a type
await app.register(livestream, { maxStreams: 'many' })
// @ts-expect-error and a name
await app.register(livestream, { maximumStreams: 10 } satisfies LivestreamOptions)
// @ts-expect-error some are one of a few
export const wrong: LivestreamOptions = { publishAuth: 'password' }
// @ts-expect-error what is not exported cannot be imported
await import('headwater/dist/src/server.js')
// @ts-expect-error codes are those of the catalogue
export const error = new HeadwaterError('TEAPOT')
