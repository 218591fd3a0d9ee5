import { LOCK_SCRIPTS } from './locks.ts'
import { NUMBER_SCRIPTS } from './numbers.ts'
import { PRESENCE_SCRIPTS } from './presence.ts'
import { SEAT_SCRIPTS } from './seats.ts'

/** What has to happen in Redis in one step, as Lua. */
export const SCRIPTS = { ...NUMBER_SCRIPTS, ...PRESENCE_SCRIPTS, ...SEAT_SCRIPTS, ...LOCK_SCRIPTS } as const

export type ScriptName = keyof typeof SCRIPTS
