import type { IvsConfig } from '../../src/config/ivs.ts'
import type { Figures, StageFigures, Viewers } from './core.ts'
import { seatsOf } from './seats.ts'
import type { PublisherWatch, StageDirectory } from './stage.ts'

export interface FiguresOptions {
  config: Pick<IvsConfig, 'maxParticipants'>
  stages: StageDirectory
  publisher: Pick<PublisherWatch, 'current'>
  viewers: Pick<Viewers, 'counts'>
}

/** In one question to the state, however many stages there are. */
export async function figuresOf ({ config, stages, publisher, viewers }: FiguresOptions): Promise<Figures> {
  const counts = await viewers.counts()
  const figures = stages.all().map(({ arn, name, role, phase, createdAt, tags, mediaPath }): StageFigures => (
    { arn, name, role, phase, createdAt, tags, mediaPath, viewers: counts.get(arn) ?? 0, seats: seatsOf({ role }, config) }
  ))
  return { totalViewers: figures.reduce((sum, { viewers }) => sum + viewers, 0), isPublisherLive: publisher.current().isLive, stages: figures }
}
