import type { Stage, StageSummary } from '@aws-sdk/client-ivs-realtime'
import type { ProvidedStage } from '../provider.ts'
import type { StageEndpoints } from '../stage.ts'

const INSTALLATION = 'Installation'
const CREATED_AT = 'CreatedAt'

/** Tags that say whose a stage is, and since when: AWS knows neither. They win over others of these names. */
export function withOwnTags (tags: Record<string, string>, installation: string, createdAt: Date): Record<string, string> {
  return { ...tags, [INSTALLATION]: installation, [CREATED_AT]: createdAt.toISOString() }
}

export function isOf (installation: string, { tags = {} }: StageSummary): boolean {
  return tags[INSTALLATION] === installation
}

/** Undefined where there is no such tag, or somebody has changed it into something else. */
export function createdAtOf ({ tags = {} }: StageSummary): Date | undefined {
  const at = new Date(tags[CREATED_AT] ?? '')
  return Number.isNaN(at.getTime()) ? undefined : at
}

export function endpointsOf ({ endpoints: { events, whip, rtmp, rtmps } = {} }: Stage): StageEndpoints {
  return {
    ...(events === undefined ? {} : { events }),
    ...(whip === undefined ? {} : { whip }),
    ...(rtmp === undefined ? {} : { rtmp }),
    ...(rtmps === undefined ? {} : { rtmps })
  }
}

/** @param firstSeen for a stage whose tags do not say when it was made */
export function providedStage (stage: StageSummary & { arn: string }, endpoints: StageEndpoints, firstSeen: Date): ProvidedStage {
  const { arn, name = '', tags = {}, activeSessionId } = stage
  return { arn, name, tags, createdAt: createdAtOf(stage) ?? firstSeen, endpoints, ...(activeSessionId === undefined ? {} : { activeSessionId }) }
}
