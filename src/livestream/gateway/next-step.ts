import { HeadwaterError } from '../../errors/catalogue.ts'
import type { Stream } from '../../media/stream.ts'
import type { StartPayload } from './payload.ts'

/** What a start leads to, and what of it the host is asked about, where it has a say. */
export type Step =
  | { do: 'begin', asks: 'start', stream: Stream | undefined }
  | { do: 'resume', asks: 'resume' | undefined, stream: Stream }
  /** The owner's old connection may be there still. */
  | { do: 'take over', asks: 'resume', stream: Stream }
  /** It sends already. */
  | { do: 'answer', asks: undefined, stream: Stream }
  /** Until what was there has ended. */
  | { do: 'wait', asks: undefined, stream: Stream }

/**
 * A broadcaster that proves itself with the token needs nobody's consent to come back: what it has recorded would be
 * lost with every failure of the host.
 * @param existing what is known of the key
 * @throws HeadwaterError `STREAM_ALREADY_EXISTS`, `UNAUTHORIZED`
 */
export function nextStep (existing: Stream | undefined, socketId: string, { streamKey, userId, resumeToken }: StartPayload): Step {
  if (existing === undefined || existing.hasEnded) return { do: 'begin', asks: 'start', stream: undefined }
  const isOwned = resumeToken !== undefined && existing.isToken(resumeToken)
  if (existing.state !== 'ending' && resumeToken !== undefined && !isOwned) throw new HeadwaterError('UNAUTHORIZED', { message: 'The resume token is not valid', streamKey })
  const isSame = isOwned || existing.userId === userId
  switch (existing.state) {
    case 'prepared':
      if (!existing.unowned && existing.userId !== userId) throw taken(streamKey)
      return { do: 'begin', asks: 'start', stream: existing }
    case 'reconnecting':
      if (!isSame) throw taken(streamKey)
      return { do: 'resume', asks: isOwned ? undefined : 'resume', stream: existing }
    case 'live':
      if (!isSame) throw taken(streamKey)
      if (existing.broadcaster === socketId) return { do: 'answer', asks: undefined, stream: existing }
      return isOwned ? { do: 'resume', asks: undefined, stream: existing } : { do: 'take over', asks: 'resume', stream: existing }
    default:
      return { do: 'wait', asks: undefined, stream: existing }
  }
}

export function taken (streamKey: string): HeadwaterError {
  return new HeadwaterError('STREAM_ALREADY_EXISTS', { message: 'The stream is active already', streamKey })
}
