import { HeadwaterError } from '../../src/errors/catalogue.ts'

export const STATUSES = ['scheduled', 'live', 'ended', 'cancelled'] as const

export type Status = typeof STATUSES[number]

export type Step = 'start' | 'end' | 'cancel'

/**
 * What a step makes of a session; null: it is that already, and nothing changes. What is not here cannot be done.
 *
 * ```
 * scheduled ── start ──▶ live ── end ──▶ ended
 *     └─────── cancel ─▶ cancelled
 * ```
 */
const STEPS: Record<Step, Partial<Record<Status, Status | null>>> = {
  start: { scheduled: 'live', live: null },
  end: { live: 'ended', ended: null },
  cancel: { scheduled: 'cancelled', cancelled: null }
}

/** The step that leads to a status, for who sets it. */
const LEADS_TO: Partial<Record<Status, Step>> = { live: 'start', ended: 'end', cancelled: 'cancel' }

/** @returns undefined where it is that already @throws HeadwaterError `INVALID_STATE` */
export function afterStep (step: Step, from: Status): Status | undefined {
  const to = STEPS[step][from]
  if (to === undefined) throw new HeadwaterError('INVALID_STATE', { message: `A session that is ${from} cannot be ${{ start: 'started', end: 'ended', cancel: 'cancelled' }[step]}` })
  return to ?? undefined
}

/** @returns undefined where it is that already @throws HeadwaterError `INVALID_STATE` */
export function stepTo (to: Status, from: Status): Step | undefined {
  if (to === from) return undefined
  const step = LEADS_TO[to]
  if (step === undefined) throw new HeadwaterError('INVALID_STATE', { message: `A session that is ${from} cannot be made ${to}` })
  afterStep(step, from)
  return step
}

/** Whether people may be in its room. */
export function isOpen (status: Status): boolean {
  return status === 'scheduled' || status === 'live'
}

/** @throws HeadwaterError `INVALID_STATE` */
export function mustBeOpen (status: Status): void {
  if (!isOpen(status)) throw new HeadwaterError('INVALID_STATE', { message: `The session is ${status === 'ended' ? 'over' : status}` })
}

/** @throws HeadwaterError `INVALID_STATE` */
export function mustBeLive (status: Status): void {
  if (status !== 'live') throw new HeadwaterError('INVALID_STATE', { message: 'The session is not live' })
}
