import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ContainerReader } from '../../../src/media/container/reader.ts'
import { ffmpeg } from '../../fixtures/generate.ts'

export type RecordingKind = 'h264' | 'vp8'

export interface Recording {
  path: string
  bytes: Buffer
}

/** 30 pictures a second. */
export const FRAME_MS = 1000 / 30
const PICTURE = 'testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t'
/** What is encoded; it comes again and again, on one time line. */
const LOOP_SECONDS = 10
const VIDEO = ['-b:v', '2400k', '-minrate', '2400k', '-maxrate', '2400k', '-g', '30', '-pix_fmt', 'yuv420p', '-threads:v', '2']
const RECIPES: Record<RecordingKind, { encode: string[], muxer: string }> = {
  h264: { encode: ['-c:v', 'libx264', '-preset', 'superfast', '-tune', 'zerolatency', '-bufsize', '1200k', '-keyint_min', '30', '-sc_threshold', '0', '-x264-params', 'nal-hrd=cbr', ...VIDEO, '-c:a', 'aac', '-b:a', '96k'], muxer: 'matroska' },
  vp8: { encode: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-bufsize', '1200k', ...VIDEO, '-c:a', 'libopus', '-b:a', '96k'], muxer: 'webm' }
}

/** 1280 x 720 at 30 pictures a second, 2.5 Mbit/s, a key frame a second, as a recorder writes it. */
export async function record (kind: RecordingKind, seconds: number, folder: string): Promise<Recording> {
  const { encode, muxer } = RECIPES[kind]
  const loop = join(folder, `${kind}-loop`)
  await writeFile(loop, await ffmpeg([
    '-f', 'lavfi', '-i', `${PICTURE},trim=duration=${LOOP_SECONDS}`,
    '-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${LOOP_SECONDS}`,
    ...encode, '-f', muxer, 'pipe:1'
  ]))
  const bytes = await ffmpeg(['-stream_loop', '-1', '-i', loop, '-t', String(seconds), '-c', 'copy', '-live', '1', '-cluster_time_limit', '1000', '-f', muxer, 'pipe:1'])
  const path = join(folder, kind)
  await writeFile(path, bytes)
  return { path, bytes }
}

/** Cuts a recording where its recorder's timeslice would: a frame is in the chunk of the time at which it was captured. */
export function inChunks (bytes: Buffer, chunkMs: number): Buffer[] {
  const reader = new ContainerReader({ maxInitBytes: bytes.length, maxUnitBytes: bytes.length, maxVideoPixels: 1_000_000 })
  const ends: number[] = []
  for (const event of reader.push(bytes)) {
    if (event.type !== 'unit') continue
    ends[Math.max(ends.length - 1, Math.floor(event.unit.frames[0]!.timeUs / 1000 / chunkMs))] = event.unit.end
  }
  let from = 0
  return ends.map(end => {
    const chunk = bytes.subarray(from, end)
    from = end
    return chunk
  })
}
