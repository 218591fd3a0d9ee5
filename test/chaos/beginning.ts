import { ContainerReader } from '../../src/media/container/reader.ts'
import { comparePieces, comparePlaces, describeComparison, get, publishedNumbers, publishedSlices, readBroadcast } from './output.ts'
import type { Source } from './source.ts'

/** Pictures that lie wholly in the chunks up to this one. */
export function picturesUpTo ({ bytes, chunks }: Source, seq: number): number {
  const sent = Buffer.concat(chunks.slice(0, seq + 1).map(chunk => chunk.bytes))
  const reader = new ContainerReader({ maxInitBytes: bytes.length, maxUnitBytes: bytes.length, maxVideoPixels: 1_000_000 })
  let pictures = 0
  for (const event of reader.push(sent)) {
    if (event.type === 'unit') pictures += event.unit.frames.filter(({ kind }) => kind === 'video').length
  }
  return pictures
}

/**
 * A broadcast that nobody went on with: it has its end, and what was published is the beginning of the
 * source, without a hole, at least up to the chunk that was called safe.
 * @returns what is wrong, with the stream's name
 */
export async function checkBeginning (url: string, streamKey: string, source: Source, safeSeq: number): Promise<string[]> {
  const safe = picturesUpTo(source, safeSeq)
  // It may have gone before its first segment: then there is nothing to play.
  if (safe === 0 && (await get(`${url}/livestream/${streamKey}/stream.m3u8`)).status === 404) return []
  const broadcast = await readBroadcast(url, streamKey)
  const compared = source.slices.length > 0
    ? comparePieces(publishedSlices(broadcast), source.slices)
    : comparePlaces(await publishedNumbers(broadcast), source.pictures)
  const problems = [...broadcast.problems, ...describeComparison('pictures', compared, { gaps: true })]
  if (!broadcast.playlist.ended) problems.push('there is no ENDLIST')
  const published = source.pictures - compared.lost.length
  if (compared.lost.length > 0 && compared.lost[0] !== published) problems.push(`picture ${compared.lost[0]} is missing, later ones are there`)
  if (published < safe) problems.push(`${published} pictures were published, ${safe} were safe`)
  return problems.map(problem => `${streamKey}: ${problem}`)
}
