import { readFileSync } from 'node:fs'
import { avcC, IDR, NON_IDR, sps, withLengths, withStartCodes } from '../../media/container/h264-writer.ts'
import { audioEntry, clusterHead, element, header, simpleBlock, uint, videoEntry, blockBody } from '../../media/container/matroska-writer.ts'
import * as mp4 from '../../media/container/mp4-writer.ts'

function chromium (name: string, length: number): Buffer {
  return readFileSync(new URL(`../../fixtures/chromium/${name}`, import.meta.url)).subarray(0, length)
}

const steps = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

const MADE_MP4 = Buffer.concat([mp4.header(mp4.VIDEO, mp4.AUDIO), ...steps(4).map(index =>
  mp4.fragment([{ time: index * 100, sizes: [60, 30, 20] }, { track: 2, time: index * 4800, sizes: [20, 20], at: 110 }], mp4.mdat(150)))])

const MADE_H264 = Buffer.concat([header(videoEntry({ codec: 'V_MPEG4/ISO/AVC', codecPrivate: avcC(sps()) })), ...steps(3).flatMap(index => [
  clusterHead(index * 100),
  simpleBlock({ payload: withLengths(sps(index === 1 ? { blocksWide: 8 } : {}), IDR) }),
  simpleBlock({ time: 40, payload: withStartCodes(NON_IDR) })
])])

const MADE_GROUPS = Buffer.concat([header(videoEntry(), audioEntry()), ...steps(4).map(index => element(0x1f43b675, [
  uint(0xe7, index * 100),
  ...steps(4).map(inner => element(0xa0, [element(0xa1, blockBody({ track: 1 + inner % 2, time: inner * 16, flags: 0 }))]))
]))])

/** Beginnings of what browsers record, up to some frames; and made ones that are small enough to have everything. */
export const RECORDINGS: Readonly<Record<string, Buffer>> = {
  'vp8-opus': chromium('vp8-opus.webm', 4_000),
  'vp9-opus': chromium('vp9-opus.webm', 3_000),
  'av1-opus': chromium('av1-opus.webm', 2_500),
  'h264-opus': chromium('h264-opus.mkv', 4_000),
  opus: chromium('opus.webm', 700),
  pcm: chromium('pcm.mkv', 4_100),
  'made-mp4': MADE_MP4,
  'made-h264': MADE_H264,
  'made-groups': MADE_GROUPS
}

/** A real one in fragmented MP4: its first fragment is large. */
export const LARGE_RECORDINGS: Readonly<Record<string, Buffer>> = {
  'vp9-opus-mp4': chromium('vp9-opus.mp4', 16_500),
  'h264-opus-mp4': chromium('h264-opus.mp4', 30_000)
}
