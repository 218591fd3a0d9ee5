import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { Presence } from '../../../src/platform/state/state.ts'
import type { StageProvider } from '../provider.ts'
import { placeOf } from '../seats.ts'
import type { StageDirectory } from '../stage.ts'
import type { KnownStage } from './known.ts'

export interface DeletionOptions {
  provider: Pick<StageProvider, 'connectedViewers' | 'stopReplication' | 'delete'>
  stages: StageDirectory
  presence: Presence
  /** What is copied to it, and from where. */
  source: { arn: string, participantId: string } | undefined
  /** Nothing is begun after it was aborted. */
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
  if (source !== undefined && (stage.mediaPath === 'replica' || stage.copy !== undefined)) {
    await unlessGone(async () => await provider.stopReplication(source.arn, stage.arn, source.participantId))
    signal.throwIfAborted()
  }
  await unlessGone(async () => await provider.delete(stage.arn))
  signal.throwIfAborted()
  // The place stays closed, and how long people watched there is remembered.
  await stages.remove(stage.arn)
  return undefined
}

async function unlessGone<T> (work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof HeadwaterError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}
