import type { Frame, InitSegment, Unit } from '../../src/media/container/types.ts'

/** Units as a container reader gives them, made up: `v` a picture, `K` a key picture, `a` sound; the number is its time in milliseconds. */
export function unit (text: string, { bytes = 10, start = 0 } = {}): Unit {
  return { frames: text.split(' ').map(frame), bytes: Buffer.alloc(bytes), lead: undefined, start, end: start + bytes }
}

function frame (text: string): Frame {
  const timeUs = Number(text.slice(1)) * 1000
  return text.startsWith('a') ? { kind: 'audio', timeUs, key: true } : { kind: 'video', timeUs, key: text.startsWith('K') }
}

/** One unit for each word, one after the other in the recording. */
export function units (text: string): Unit[] {
  return text.split(' ').map((word, index) => unit(word, { start: index * 10 }))
}

export const INIT: InitSegment = {
  container: 'matroska',
  bytes: Buffer.from('header'),
  video: { kind: 'video', id: 1, codec: 'h264', width: 640, height: 360, copyable: true },
  audio: { kind: 'audio', id: 2, codec: 'aac', sampleRate: 48_000, channels: 2, copyable: true }
}
