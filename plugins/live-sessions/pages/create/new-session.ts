import type { NewSession } from '../api/live-api.ts'

/** What is filled in, by the names of the fields. */
export interface Filled {
  title: string
  description: string
  session_type: string
  max_participants: string
  /** As `datetime-local` gives it, in the time of whoever fills it in; empty: not said. */
  scheduled_at: string
}

export const MAX_TITLE = 200
export const MAX_PARTICIPANTS = 10_000

/** What is wrong with each field, in words. */
export type Problems = Readonly<Partial<Record<keyof Filled, string>>>

/** @param isTimeHalf day or time is missing: browsers give nothing then, as if nobody had filled in any of it */
export function problemsOf ({ title, max_participants: most }: Omit<Filled, 'scheduled_at'>, { isTimeHalf }: { isTimeHalf: boolean }): Problems {
  const count = Number(most)
  return {
    ...(title.trim() === '' ? { title: 'Enter a title.' } : [...title.trim()].length > MAX_TITLE ? { title: `A title has at most ${MAX_TITLE} characters.` } : {}),
    ...(Number.isInteger(count) && count >= 1 && count <= MAX_PARTICIPANTS ? {} : { max_participants: `A number from 1 to ${MAX_PARTICIPANTS}.` }),
    ...(isTimeHalf ? { scheduled_at: 'Enter day and time, or leave it empty.' } : {})
  }
}

/** What the API is sent of it. */
export function newSessionOf ({ title, description, session_type: type, max_participants: most, scheduled_at: at }: Filled, { isPublic, isRecorded }: { isPublic: boolean, isRecorded: boolean }): NewSession {
  return {
    title: title.trim(),
    ...(description.trim() === '' ? {} : { description: description.trim() }),
    session_type: type,
    max_participants: Number(most),
    is_public: isPublic,
    is_recorded: isRecorded,
    ...(at === '' ? {} : { scheduled_at: `${new Date(at).toISOString().slice(0, 19)}Z` })
  }
}
