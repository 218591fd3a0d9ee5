import type { LiveSession, SessionRole, SessionStatus, SessionType } from '../api/live-session.ts'

export const TYPES: Record<SessionType, string> = { teaching: 'Teaching', interview: 'Interview', coding: 'Coding', workshop: 'Workshop' }
export const STATUSES: Record<SessionStatus, string> = { scheduled: 'Scheduled', live: 'Live', ended: 'Ended', cancelled: 'Cancelled' }
export const ROLES: Record<SessionRole, string> = { host: 'Host', co_host: 'Co-host', speaker: 'Speaker', viewer: 'Viewer' }

/** For `Select`. */
export function optionsOf<Value extends string> (labels: Record<Value, string>): Array<{ value: Value, label: string }> {
  return Object.entries<string>(labels).map(([value, label]) => ({ value: value as Value, label }))
}

type Times = Pick<LiveSession, 'status' | 'scheduled_at' | 'started_at' | 'created_at'>

/** When it is, was or will be: `since 15:02`, `on 27 Dec, 15:00`. In the words of the reader's own clock. */
export function whenText ({ status, scheduled_at: scheduledAt, started_at: startedAt, created_at: createdAt }: Times, now: Date, locale?: string): string {
  if (status === 'live' && startedAt !== null) return `since ${timeText(startedAt, now, locale)}`
  if (startedAt !== null) return `began ${timeText(startedAt, now, locale)}`
  if (scheduledAt !== null) return `${status === 'scheduled' && new Date(scheduledAt) >= now ? 'begins' : 'was to begin'} ${timeText(scheduledAt, now, locale)}`
  return `made ${timeText(createdAt, now, locale)}`
}

/** The time of day, with the day where that is another one. @param at ISO 8601 */
export function timeText (at: string, now: Date, locale?: string): string {
  const date = new Date(at)
  const time = date.toLocaleTimeString(locale, { hour: 'numeric', minute: '2-digit' })
  if (date.toDateString() === now.toDateString()) return time
  return `${date.toLocaleDateString(locale, { day: 'numeric', month: 'short', ...(date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }) })}, ${time}`
}

/** `1 of 50 there`; of one that is over nobody is. */
export function thereText ({ status, current_viewers: there, max_participants: most }: Pick<LiveSession, 'status' | 'current_viewers' | 'max_participants'>): string {
  return status === 'live' || (status === 'scheduled' && there > 0) ? `${there} of ${most} there` : `up to ${most} people`
}

/** `1:02:03` or `2:03`, from seconds. */
export function durationText (seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = (part: number) => String(part).padStart(2, '0')
  return hours === 0 ? `${minutes}:${two(rest)}` : `${hours}:${two(minutes)}:${two(rest)}`
}

/** `1.2 MB` */
export function sizeText (bytes: number): string {
  const [unit, length] = bytes >= 1e9 ? ['GB', 1e9] as const : bytes >= 1e6 ? ['MB', 1e6] as const : ['kB', 1e3] as const
  return `${(bytes / length).toFixed(bytes >= 1e6 ? 1 : 0)} ${unit}`
}

/** Which of how many are shown: `21 to 40 of 57 sessions`. @param one, many what they are called */
export function countText ({ page, pageSize, shown, total, one, many }: { page: number, pageSize: number, shown: number, total: number, one: string, many: string }): string {
  if (total === 0) return ''
  const all = `${total} ${total === 1 ? one : many}`
  const first = (page - 1) * pageSize + 1
  return shown === total || shown === 0 ? all : `${first} to ${first + shown - 1} of ${all}`
}
