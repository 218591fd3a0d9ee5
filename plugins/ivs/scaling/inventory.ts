import type { ProvidedStage, StageProvider } from '../provider.ts'
import type { Stage, StageDirectory } from '../stage.ts'
import { isOurs } from './known.ts'

/** Who makes a stage through the API writes it down within this time. */
const BEING_MADE_MS = 60_000

export interface Inventory {
  /** The provider has them, and nobody knows of them here. */
  unknown: Stage[]
  /** They are known here, and the provider has them no more. */
  gone: Stage[]
}

/** What the provider has against what is known here. Each difference is asked for once more: a list may be old. */
export async function takeInventory (provider: Pick<StageProvider, 'list' | 'get'>, stages: StageDirectory): Promise<Inventory> {
  const listed = await provider.list()
  await stages.refresh()
  const arns = new Set(listed.map(({ arn }) => arn))
  const unknown = await filter(listed.filter(({ arn }) => stages.find(arn) === undefined), async ({ arn }) => await provider.get(arn) !== undefined)
  const gone = await filter(stages.all().filter(({ arn, role }) => role !== 'master' && !arns.has(arn)), async ({ arn }) => await provider.get(arn) === undefined)
  return { unknown: unknown.map(adopted).filter(stage => isOurs(stage) || Date.now() - stage.createdAt.getTime() > BEING_MADE_MS), gone }
}

/** Its tags say whose it is. One of ours gets no viewers before media gets to it. */
function adopted ({ arn, name, tags, createdAt, endpoints }: ProvidedStage): Stage {
  const stage: Stage = { arn, name, role: 'auto-scaled', tags, createdAt, phase: 'starting', phaseSince: new Date(), mediaPath: 'none', endpoints }
  return isOurs(stage) ? stage : { ...stage, role: 'custom', phase: 'ready' }
}

async function filter<T> (items: readonly T[], keeps: (item: T) => Promise<boolean>): Promise<T[]> {
  const kept: T[] = []
  for (const item of items) if (await keeps(item)) kept.push(item)
  return kept
}
