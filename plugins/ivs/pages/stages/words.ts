import type { Decision, Operations, StageOperation } from '../../live-messages.ts'

export const ROLES: Record<StageOperation['role'], string> = {
  master: 'Master',
  'auto-scaled': 'Auto-scaled',
  custom: 'Custom'
}

export const PHASES: Record<StageOperation['phase'], string> = {
  starting: 'Starting',
  ready: 'Ready',
  draining: 'Draining',
  deleting: 'Deleting'
}

export const ACTIONS: Record<Decision['action'], string> = {
  create: 'Create',
  replicate: 'Copy media',
  ready: 'Open',
  drain: 'Drain',
  resume: 'Reopen',
  delete: 'Delete',
  adopt: 'Adopt',
  forget: 'Forget',
  hold: 'Hold'
}

/** How viewers of a stage see what is published. */
export function mediaText ({ mediaPath }: Pick<StageOperation, 'mediaPath'>, isLive: boolean): string {
  switch (mediaPath) {
    case 'source': return isLive ? 'Published here' : 'To be published here'
    case 'replica': return 'Copy of the master'
    case 'relay': return 'Relayed by a media server'
    case 'none': return isLive ? 'No media gets here' : 'No media yet'
  }
}

/** Who is live. */
export function publisherText ({ publisher: { isLive, isUnknown, participantId } }: Pick<Operations, 'publisher'>): string {
  if (isUnknown === true) return 'It is not known yet whether somebody publishes'
  return isLive ? `${participantId ?? 'Somebody'} publishes` : 'Nobody publishes'
}

/** Since when that is known, and how. */
export function knownText ({ publisher: { isUnknown, asOf, source } }: Pick<Operations, 'publisher'>, now: Date): string {
  if (isUnknown === true) return `Asked since ${clockText(asOf, now)}`
  return `As of ${clockText(asOf, now)}, ${source === 'event' ? 'told by an event' : 'when it was looked up'}`
}

/** `3 of 20`. */
export function ofText (some: number, all: number): string {
  return `${some} of ${all}`
}

const UNITS = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]] as const

/** How long ago something was, in its largest unit: `5 minutes`. @param from, to ISO 8601 */
export function ageText (from: string, to: string): string {
  const seconds = Math.max(0, Math.floor((Date.parse(to) - Date.parse(from)) / 1000))
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? UNITS[3]
  const count = Math.floor(seconds / length)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** A time of day, with its date where it is not today's. @param at ISO 8601 */
export function clockText (at: string, now: Date): string {
  const date = new Date(at)
  const time = date.toLocaleTimeString(undefined, { timeStyle: 'medium' })
  return date.toDateString() === now.toDateString() ? time : `${date.toLocaleDateString(undefined, { dateStyle: 'medium' })}, ${time}`
}

/** A decision in one sentence, as it is spoken. */
export function decisionText ({ action, stageName, reason, problem }: Decision): string {
  return `${ACTIONS[action]}${stageName === undefined ? '' : ` ${stageName}`}: ${reason}${problem === undefined ? '' : ` It failed: ${problem}`}`
}

/** Tells decisions apart. */
export function decisionKey ({ at, action, stageName = '' }: Decision): string {
  return `${at} ${action} ${stageName}`
}

/** Those that came since, newest first. */
export function decisionsSince (before: readonly Decision[], now: readonly Decision[]): readonly Decision[] {
  const known = new Set(before.map(decisionKey))
  return now.filter(decision => !known.has(decisionKey(decision)))
}

/** The language of a text of the API, whose words are the original's. */
export function languageOf (text: string): string | undefined {
  return /\p{Script=Han}/u.test(text) ? 'zh-Hant' : undefined
}
