import type { Presence } from '../../../src/platform/state/state.ts'
import type { StageProvider } from '../provider.ts'
import { placeOf } from '../seats.ts'
import { removeStage, unlessGone, type RemovalOptions } from '../stage-removal.ts'
import type { StageDirectory } from '../stage.ts'
import type { KnownStage } from './known.ts'

export interface DeletionOptions extends RemovalOptions {
  provider: Pick<StageProvider, 'connectedViewers' | 'stopReplication' | 'delete'>
  stages: StageDirectory
  presence: Presence
  signal: AbortSignal
}

/**
 * Deletes a stage that nobody is on, whether they are counted here or only connected to it. What fails midway can be done
 * again from the beginning.
 * @returns why it is left alone; undefined when it is gone
 */
export async function deleteStage (stage: KnownStage, { provider, stages, presence, source, signal }: DeletionOptions): Promise<string | undefined> {
  const place = placeOf(stage.arn)
  if (!await presence.closeIfEmpty(place)) return 'Somebody is on it, or nobody can know that now.'
  try {
    signal.throwIfAborted()
    const connected = await unlessGone(async () => await provider.connectedViewers(stage.arn)) ?? 0
    signal.throwIfAborted()
    if (connected > 0) {
      await presence.clear(place)
      return `${connected} are connected to it who send no heartbeat.`
    }
    await stages.change(stage.arn, { phase: 'deleting' })
  } catch (error) {
    // Where the lease is lost, another server may be closing it.
    if (!signal.aborted) await presence.clear(place)
    throw error
  }
  signal.throwIfAborted()
  const isCopied = stage.mediaPath === 'replica' || stage.copy !== undefined
  await removeStage(stage.arn, { provider, stages, source: isCopied ? source : undefined, signal })
  return undefined
}
