/** Two stages with rules of their own, and a feature beside one of them: a list of what happened, from its events. */
import Fastify from 'fastify'
import { liveCore, livestream } from 'headwater/livestream'

export async function build ({ streamsDir = 'streams' }: { streamsDir?: string } = {}) {
  const app = Fastify({ routerOptions: { maxParamLength: 512 } })

  // Short segments, few streams, gone when they end.
  await app.register(async stage => {
    const happened: string[] = []
    await stage.register(liveCore, { streamsDir: `${streamsDir}/main`, maxStreams: 2, segmentTargetSeconds: 1, retentionHours: 0 })
    await stage.register(livestream)

    const { events } = stage.liveCore
    events.on('stream-started', ({ streamKey, userId }) => { happened.push(`${userId} went live on ${streamKey}`) })
    events.on('stream-ended', ({ streamKey, reason }) => { happened.push(`${streamKey} is over: ${reason}`) })
    stage.get('/happened', async () => happened)
  }, { prefix: '/main' })

  // Everybody may try, and nothing is kept for long.
  await app.register(livestream, { prefix: '/rehearsal', streamsDir: `${streamsDir}/rehearsal`, retentionHours: 1, resumeWindowSeconds: 10 })
  return app
}
