import { ffmpeg } from '../fixtures/generate.ts'
import { nalsOfAnnexB, NAL, nalType } from '../fixtures/h264.ts'
import type { ReadBroadcast } from './output.ts'

/** Whether every segment can be played: begins with a key picture, and FFmpeg decodes all of it without a word. @returns what is wrong */
export async function checkPlayable ({ segments }: Pick<ReadBroadcast, 'segments'>): Promise<string[]> {
  const problems: string[] = []
  const runs: Buffer[][] = []
  for (const { name, discontinuity, data, ts } of segments) {
    const first = ts.pes.find(({ kind }) => kind === 'video')
    const types = first === undefined ? [] : nalsOfAnnexB(first.data).map(nalType)
    if (!types.includes(NAL.idr) || !types.includes(NAL.sps)) problems.push(`${name} does not begin with a key picture`)
    if (discontinuity || runs.length === 0) runs.push([])
    runs.at(-1)!.push(data)
  }
  for (const [index, run] of runs.entries()) {
    try {
      await ffmpeg(['-xerror', '-err_detect', 'explode', '-f', 'mpegts', '-i', 'pipe:0', '-f', 'null', '-'], Buffer.concat(run))
    } catch (error) {
      problems.push(`run ${index} of ${runs.length} cannot be decoded: ${(error as Error).message}`)
    }
  }
  return problems
}
