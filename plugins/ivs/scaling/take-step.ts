import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { Presence } from '../../../src/platform/state/state.ts'
import type { StageProvider } from '../provider.ts'
import { placeOf } from '../seats.ts'
import type { StageDirectory } from '../stage.ts'
import type { EffectiveStep } from './decide.ts'
import { MANAGED_BY, type Known, type KnownStage } from './known.ts'
import { deleteStage } from './stage-deletion.ts'

export interface Surroundings {
  config: { maxStages: number }
  /** Tag of the stages that are made. */
  environment: string
  provider: StageProvider
  stages: StageDirectory
  presence: Presence
}

export interface Limits {
  /** Another server may act now. */
  lost: AbortSignal
  /** Nothing more is to be begun, for that reason or because this server closes. */
  signal: AbortSignal
}

/** Does what was decided. @returns why it could not be done, where nothing failed */
export async function takeStep (step: EffectiveStep, known: Known, around: Surroundings, { lost, signal }: Limits): Promise<string | undefined> {
  const { provider, stages, presence } = around
  const master = known.stages.find(({ role }) => role === 'master')
  const { participantId } = known.publisher
  switch (step.action) {
    case 'create':
      await create(step.name, around, lost)
      return undefined
    case 'replicate':
      if (master !== undefined) await provider.startReplication(master.arn, step.stage.arn, step.participantId)
      return undefined
    case 'ready':
      await stages.change(step.stage.arn, { phase: 'ready' })
      return undefined
    case 'drain':
      await stages.change(step.stage.arn, { phase: 'draining' })
      return undefined
    case 'resume':
      await resume(step.stage, around)
      return undefined
    case 'delete':
      return await deleteStage(step.stage, { provider, stages, presence, signal, source: master === undefined || participantId === undefined ? undefined : { arn: master.arn, participantId } })
  }
}

async function create (name: string, { config: { maxStages }, environment, provider, stages }: Surroundings, lost: AbortSignal): Promise<void> {
  const { arn, createdAt, endpoints, ...made } = await provider.create({ name, tags: { Environment: environment, ...MANAGED_BY } })
  // Whoever acts now finds it at the provider.
  lost.throwIfAborted()
  try {
    await stages.add({ arn, name: made.name, role: 'auto-scaled', tags: made.tags, createdAt, phase: 'starting', phaseSince: new Date(), mediaPath: 'none', endpoints }, maxStages)
  } catch (error) {
    if (isLimit(error)) await provider.delete(arn)
    throw error
  }
}

async function resume ({ arn, viewers }: KnownStage, { stages, presence }: Surroundings): Promise<void> {
  // A deletion that was broken off may have closed it.
  if (viewers === 0) await presence.clear(placeOf(arn))
  await stages.change(arn, { phase: 'ready' })
}

/** Whether a stage may be there although its creation failed: what was asked for was done, and only the answer was lost. */
export function mayHaveMadeOne (error: unknown): boolean {
  return !isLimit(error) && !(error instanceof HeadwaterError && error.retryAfterMs !== undefined)
}

function isLimit (error: unknown): boolean {
  return error instanceof HeadwaterError && error.code === 'STAGE_LIMIT_REACHED'
}
