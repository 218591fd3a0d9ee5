import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { StageProvider } from './provider.ts'
import type { StageDirectory } from './stage.ts'

export interface RemovalOptions {
  provider: Pick<StageProvider, 'stopReplication' | 'delete'>
  stages: Pick<StageDirectory, 'remove'>
  /** What is copied to it, and from where. */
  source: { arn: string, participantId: string } | undefined
  /** Nothing is begun after it was aborted. */
  signal?: AbortSignal
}

/**
 * Takes a stage away whose place is closed. The place stays so, and how long people watched there is remembered. What
 * fails midway can be done again from the beginning.
 */
export async function removeStage (arn: string, { provider, stages, source, signal }: RemovalOptions): Promise<void> {
  if (source !== undefined) {
    await unlessGone(async () => await provider.stopReplication(source.arn, arn, source.participantId))
    signal?.throwIfAborted()
  }
  await unlessGone(async () => await provider.delete(arn))
  signal?.throwIfAborted()
  await stages.remove(arn)
}

/** @returns undefined where what it is about is not there any more */
export async function unlessGone<T> (work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof HeadwaterError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}
