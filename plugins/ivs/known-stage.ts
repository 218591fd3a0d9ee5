import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Stage, StageDirectory } from './stage.ts'

/** A stage that this server has not heard of may have been made on another one a moment ago. @throws HeadwaterError `NOT_FOUND` */
export async function knownStage (stages: StageDirectory, arn: string): Promise<Stage> {
  const known = stages.find(arn)
  if (known !== undefined) return known
  await stages.refresh()
  const found = stages.find(arn)
  if (found === undefined) throw new HeadwaterError('NOT_FOUND', { message: `There is no stage ${arn}` })
  return found
}

/** One that is not being deleted. @throws HeadwaterError `NOT_FOUND` */
export async function standingStage (stages: StageDirectory, arn: string): Promise<Stage> {
  const stage = await knownStage(stages, arn)
  if (stage.phase === 'deleting') throw new HeadwaterError('NOT_FOUND', { message: `The stage ${arn} is being deleted` })
  return stage
}

/** The stage that is published on. @throws HeadwaterError `NOT_FOUND` */
export function masterOf (stages: StageDirectory): Stage {
  const [first] = stages.all()
  if (first?.role !== 'master') throw new HeadwaterError('NOT_FOUND', { message: 'There is no master stage: see MASTER_STAGE_ARN' })
  return first
}
