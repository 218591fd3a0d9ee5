import Fastify from 'fastify'
import headwaterDefault, { headwater, HeadwaterError, loadConfig, type Config, type HeadwaterOptions, type LivestreamOptions } from 'headwater'
import { accounts, type AccountsOptions } from 'headwater/accounts'
import { type Config as SameConfig } from 'headwater/config'
import { database, type Database } from 'headwater/database'
import { ivs, type IvsOptions } from 'headwater/ivs'
import { liveSessions, type LiveSessionsOptions } from 'headwater/live-sessions'
import { livekit, type LivekitOptions } from 'headwater/livekit'
import { livekitRooms, type LivekitRoomsOptions } from 'headwater/livekit-rooms'
import { objects, type Objects } from 'headwater/objects'
import { recordings } from 'headwater/recordings'
import { state, type State } from 'headwater/state'

const live: LivestreamOptions = { streamsDir: 'streams', maxStreams: 10 }
const whole: HeadwaterOptions = { livestream: live, accounts: { jwtSecret: 'a secret of 32 characters, or more' }, platform: { dataDir: 'data' } }
const app = Fastify()
await app.register(headwater, whole)
await app.register(headwaterDefault)

const own: AccountsOptions = { accessTokenSeconds: 600 }
await app.register(database, { dataDir: 'data' })
await app.register(state)
await app.register(objects, { dataDir: 'data' })
await app.register(accounts, { ...own, prefix: '/own' })
const stages: IvsOptions = { apiKeys: ['a key of the API'], maxStages: 4 }
await app.register(ivs, { ...stages, prefix: '/stages' })
const rooms: LivekitOptions = { url: 'https://livekit.example.org', apiKey: 'key', apiSecret: 'a secret of 32 characters, or more' }
await app.register(livekit, rooms)
const open: LivekitRoomsOptions = { tokenSeconds: 3_600 }
await app.register(livekitRooms, { ...open, prefix: '/open' })
await app.register(recordings)
const lessons: LiveSessionsOptions = { hostTokenSeconds: 3_600 }
await app.register(liveSessions, { ...lessons, prefix: '/lessons' })
export const parts: [Database, State, Objects] = [app.database, app.state, app.objects]

const config: Config = loadConfig({ PORT: '0', ACCOUNTS: 'off', IVS: 'off', ROOMS: 'off' })
const same: SameConfig = config
export const port: number = same.server.port
export const status: number = new HeadwaterError('ACCOUNT_NOT_FOUND').statusCode

// @ts-expect-error a setting has a type
await app.register(accounts, { accessTokenSeconds: 'long' })
// @ts-expect-error one is on or off
await app.register(ivs, { enabled: true })
// @ts-expect-error and a name
export const wrong: AccountsOptions = { accessTokenMinutes: 10 }
