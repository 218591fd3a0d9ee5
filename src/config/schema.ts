import { Type, type Static } from 'typebox'
import { accountsSchema } from './accounts.ts'
import { ivsSchema } from './ivs.ts'
import { liveSessionsSchema } from './live-sessions.ts'
import { livekitRoomsSchema } from './livekit-rooms.ts'
import { livekitSchema } from './livekit.ts'
import { livestreamSchema } from './livestream.ts'
import { platformSchema } from './platform.ts'
import { recordingsSchema } from './recordings.ts'
import { serverSchema } from './server.ts'

/** The whole configuration, a section per plugin. Types, defaults, `.env.example` and the docs come from here. */
export const configSchema = Type.Object({
  server: serverSchema,
  livestream: livestreamSchema,
  platform: platformSchema,
  accounts: accountsSchema,
  ivs: ivsSchema,
  livekit: livekitSchema,
  livekitRooms: livekitRoomsSchema,
  liveSessions: liveSessionsSchema,
  recordings: recordingsSchema
}, { additionalProperties: false })

export type Config = Static<typeof configSchema>

export interface Setting {
  section: string
  /** Name in the section, and as a plugin option. */
  name: string
  /** Name of the environment variable. */
  env: string
  unit: string | undefined
  secret: boolean
  isList: boolean
  isNumber: boolean
  default: unknown
  description: string
}

interface SettingSchema { env: string, unit?: string, secret?: boolean, type?: string, default: unknown, description: string }

/** All settings in the order of the schema. */
export function listSettings (): Setting[] {
  return Object.entries(configSchema.properties).flatMap(([section, schema]) =>
    Object.entries(schema.properties as unknown as Record<string, SettingSchema>).map(([name, setting]) => ({
      section,
      name,
      env: setting.env,
      unit: setting.unit,
      secret: setting.secret ?? false,
      isList: setting.type === 'array',
      isNumber: setting.type === 'number' || setting.type === 'integer',
      default: setting.default,
      description: setting.description
    })))
}
