import type { TSchema } from 'typebox'
import Value from 'typebox/value'
import { HeadwaterError } from '../errors/catalogue.ts'
import { accountsSchema, type AccountsConfig } from './accounts.ts'
import { ivsSchema, type IvsConfig } from './ivs.ts'
import { liveSessionsSchema, type LiveSessionsConfig } from './live-sessions.ts'
import { livekitRoomsSchema, type LivekitRoomsConfig } from './livekit-rooms.ts'
import { livekitSchema, type LivekitConfig } from './livekit.ts'
import { livestreamSchema, type LivestreamConfig } from './livestream.ts'
import { platformSchema, type PlatformConfig } from './platform.ts'
import { recordingsSchema, type RecordingsConfig } from './recordings.ts'
import { configSchema, listSettings, type Config, type Setting } from './schema.ts'

/** What is wrong, a line each, in the words of whoever gave the values. */
type NameOf = (path: string) => string

/** `T` is what the schema describes. Said by the caller: to infer it takes the compiler ten seconds. */
function check<T> (schema: TSchema, given: unknown, nameOf: NameOf, extraProblems: (value: T) => string[]): T {
  const value = Value.Default(schema, given) as T
  const problems = Value.Check(schema, value)
    ? extraProblems(value)
    : [...new Set(Value.Errors(schema, value)
        .filter(error => error.keyword !== 'anyOf' && error.keyword !== 'additionalProperties')
        .map(error => `${nameOf(error.instancePath)} ${error.keyword === 'boolean' ? 'is not a setting' : error.message}`))]
  if (problems.length > 0) throw new HeadwaterError('CONFIG_INVALID', { message: `The configuration is not valid: ${problems.join('; ')}` })
  return value
}

function publishProblems (config: LivestreamConfig, nameOf: NameOf): string[] {
  if (config.publishAuth === 'key' && config.publishKeys.length === 0) return [`${nameOf('/publishKeys')} must name at least one key`]
  if (config.publishAuth === 'jwt' && config.publishJwtSecret.length < 32) return [`${nameOf('/publishJwtSecret')} must have at least 32 characters`]
  return []
}

function storageProblems (config: LivestreamConfig, nameOf: NameOf): string[] {
  return config.diskCriticalBytes > config.diskLowBytes ? [`${nameOf('/diskCriticalBytes')} (${config.diskCriticalBytes}) must not be above ${nameOf('/diskLowBytes')} (${config.diskLowBytes})`] : []
}

function livestreamProblems (config: LivestreamConfig, nameOf: NameOf): string[] {
  return [...publishProblems(config, nameOf), ...storageProblems(config, nameOf)]
}

function platformProblems (config: PlatformConfig, nameOf: NameOf): string[] {
  return [
    ...(config.databaseUrl === '' || /^postgres(ql)?:\/\//.test(config.databaseUrl) ? [] : [`${nameOf('/databaseUrl')} must begin with postgres://`]),
    ...(config.redisUrl === '' || /^rediss?:\/\//.test(config.redisUrl) ? [] : [`${nameOf('/redisUrl')} must begin with redis://`]),
    ...(config.s3Endpoint === '' || /^https?:\/\//.test(config.s3Endpoint) ? [] : [`${nameOf('/s3Endpoint')} must begin with http:// or https://`]),
    ...((config.s3AccessKeyId === '') === (config.s3SecretAccessKey === '') ? [] : [`${nameOf('/s3AccessKeyId')} and ${nameOf('/s3SecretAccessKey')} go together`])
  ]
}

function accountsProblems (config: AccountsConfig, nameOf: NameOf): string[] {
  const admin = [config.adminUsername, config.adminEmail, config.adminPassword]
  return [
    ...(config.jwtSecret === '' || config.jwtSecret.length >= 32 ? [] : [`${nameOf('/jwtSecret')} must have at least 32 characters`]),
    ...(admin.every(value => value === '') || admin.every(value => value !== '') ? [] : [`${nameOf('/adminUsername')}, ${nameOf('/adminEmail')} and ${nameOf('/adminPassword')} go together`]),
    ...(config.adminPassword === '' || config.adminPassword.length >= 6 ? [] : [`${nameOf('/adminPassword')} must have at least 6 characters`])
  ]
}

function ivsProblems (config: IvsConfig, nameOf: NameOf): string[] {
  return [
    ...(config.masterStageArn === '' || /^arn:aws[a-z-]*:ivs:[a-z0-9-]+:\d{12}:stage\/[A-Za-z0-9]+$/.test(config.masterStageArn) ? [] : [`${nameOf('/masterStageArn')} must be the ARN of a stage (arn:aws:ivs:<region>:<account>:stage/<id>)`]),
    ...(config.endpoint === '' || /^https?:\/\//.test(config.endpoint) ? [] : [`${nameOf('/endpoint')} must begin with http:// or https://`]),
    ...((config.accessKeyId === '') === (config.secretAccessKey === '') ? [] : [`${nameOf('/accessKeyId')} and ${nameOf('/secretAccessKey')} go together`]),
    ...((config.signingKey === '') === (config.signingKeyArn === '') ? [] : [`${nameOf('/signingKey')} and ${nameOf('/signingKeyArn')} go together`]),
    ...(config.scaleInViewers < config.scaleOutViewers ? [] : [`${nameOf('/scaleInViewers')} (${config.scaleInViewers}) must be below ${nameOf('/scaleOutViewers')} (${config.scaleOutViewers})`])
  ]
}

function livekitProblems (config: LivekitConfig, nameOf: NameOf): string[] {
  return [
    ...[config.url, config.publicUrl].every(url => url === '' || /^(https?|wss?):\/\/[^/?#]+\/?$/.test(url)) ? [] : [`${nameOf('/url')} and ${nameOf('/publicUrl')} must begin with http://, https://, ws:// or wss:// and have no path`],
    ...(config.url === '' || (config.apiKey !== '' && config.apiSecret !== '') ? [] : [`${nameOf('/url')} needs ${nameOf('/apiKey')} and ${nameOf('/apiSecret')}`]),
    ...(config.apiSecret === '' || config.apiSecret.length >= 32 ? [] : [`${nameOf('/apiSecret')} must have at least 32 characters`])
  ]
}

function liveSessionsProblems ({ inviteSecret }: LiveSessionsConfig, nameOf: NameOf): string[] {
  return inviteSecret === '' || inviteSecret.length >= 32 ? [] : [`${nameOf('/inviteSecret')} must have at least 32 characters`]
}

function recordingsProblems ({ baseUrl }: RecordingsConfig, nameOf: NameOf): string[] {
  return baseUrl === '' || /^https?:\/\//.test(baseUrl) ? [] : [`${nameOf('/baseUrl')} must begin with http:// or https://`]
}

/** Without these nobody is safe; outside production they are generated. */
function productionProblems ({ server, accounts, ivs, livekit, livekitRooms, liveSessions }: Config, nameOf: NameOf): string[] {
  if (server.environment !== 'production') return []
  return [
    ...(accounts.enabled === 'on' && accounts.jwtSecret === '' ? [`${nameOf('/accounts/jwtSecret')} must be set in production (a random text of 32 characters or more), or accounts turned off (${nameOf('/accounts/enabled')}=off)`] : []),
    ...(ivs.enabled === 'on' && ivs.apiKeys.length === 0 ? [`${nameOf('/ivs/apiKeys')} must be set in production (a random text of 16 characters or more), or stages turned off (${nameOf('/ivs/enabled')}=off)`] : []),
    ...((livekitRooms.enabled === 'on' || (liveSessions.enabled === 'on' && accounts.enabled === 'on')) && livekit.apiSecret === '' ? [`${nameOf('/livekit/apiSecret')} must be set in production (a random text of 32 characters or more), or rooms and live sessions turned off (${nameOf('/livekitRooms/enabled')}=off, ${nameOf('/liveSessions/enabled')}=off)`] : [])
  ]
}

/** What is no number stays text, and is then told as wrong. */
function parse ({ isList, isNumber }: Setting, text: string): unknown {
  if (isList) return text.split(',').map(item => item.trim()).filter(item => item !== '')
  return isNumber && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}

/**
 * The configuration from environment variables; an empty variable counts as not set.
 * @throws HeadwaterError `CONFIG_INVALID`, naming every variable that is wrong
 */
export function loadConfig (environment: Record<string, string | undefined>): Config {
  const given: Record<string, Record<string, unknown>> = {}
  const envNames = new Map<string, string>()
  for (const setting of listSettings()) {
    const section = given[setting.section] ??= {}
    envNames.set(`/${setting.section}/${setting.name}`, setting.env)
    const text = environment[setting.env]
    if (text === undefined || text === '') continue
    section[setting.name] = parse(setting, text)
  }
  const nameOf: NameOf = path => envNames.get(path) ?? envNames.get(path.replace(/\/\d+$/, '')) ?? path
  return check<Config>(configSchema, given, nameOf, config => [
    ...livestreamProblems(config.livestream, name => nameOf(`/livestream${name}`)),
    ...platformProblems(config.platform, name => nameOf(`/platform${name}`)),
    ...accountsProblems(config.accounts, name => nameOf(`/accounts${name}`)),
    ...ivsProblems(config.ivs, name => nameOf(`/ivs${name}`)),
    ...livekitProblems(config.livekit, name => nameOf(`/livekit${name}`)),
    ...liveSessionsProblems(config.liveSessions, name => nameOf(`/liveSessions${name}`)),
    ...recordingsProblems(config.recordings, name => nameOf(`/recordings${name}`)),
    ...productionProblems(config, nameOf)
  ])
}

/** An option, as who gives it calls it. */
const optionName: NameOf = path => path.slice(1).replaceAll('/', '.')

/**
 * Plugin options completed with the defaults.
 * @throws HeadwaterError `CONFIG_INVALID`, naming every option that is wrong
 */
export function completeLivestreamOptions (options: Partial<LivestreamConfig>): LivestreamConfig {
  return check<LivestreamConfig>(livestreamSchema, { ...options }, optionName, config => livestreamProblems(config, optionName))
}

/** The same for what features share. @throws HeadwaterError `CONFIG_INVALID` */
export function completePlatformOptions (options: Partial<PlatformConfig>): PlatformConfig {
  return check<PlatformConfig>(platformSchema, { ...options }, optionName, config => platformProblems(config, optionName))
}

/** The same for accounts. @throws HeadwaterError `CONFIG_INVALID` */
export function completeAccountsOptions (options: Partial<AccountsConfig>): AccountsConfig {
  return check<AccountsConfig>(accountsSchema, { ...options }, optionName, config => accountsProblems(config, optionName))
}

/** The same for stages. @throws HeadwaterError `CONFIG_INVALID` */
export function completeIvsOptions (options: Partial<IvsConfig>): IvsConfig {
  return check<IvsConfig>(ivsSchema, { ...options }, optionName, config => ivsProblems(config, optionName))
}

/** The same for whoever runs the rooms. @throws HeadwaterError `CONFIG_INVALID` */
export function completeLivekitOptions (options: Partial<LivekitConfig>): LivekitConfig {
  return check<LivekitConfig>(livekitSchema, { ...options }, optionName, config => livekitProblems(config, optionName))
}

/** The same for the open rooms. @throws HeadwaterError `CONFIG_INVALID` */
export function completeLivekitRoomsOptions (options: Partial<LivekitRoomsConfig>): LivekitRoomsConfig {
  return check<LivekitRoomsConfig>(livekitRoomsSchema, { ...options }, optionName, () => [])
}

/** The same for live sessions. @throws HeadwaterError `CONFIG_INVALID` */
export function completeLiveSessionsOptions (options: Partial<LiveSessionsConfig>): LiveSessionsConfig {
  return check<LiveSessionsConfig>(liveSessionsSchema, { ...options }, optionName, config => liveSessionsProblems(config, optionName))
}

/** The same for recordings. @throws HeadwaterError `CONFIG_INVALID` */
export function completeRecordingsOptions (options: Partial<RecordingsConfig>): RecordingsConfig {
  return check<RecordingsConfig>(recordingsSchema, { ...options }, optionName, config => recordingsProblems(config, optionName))
}
