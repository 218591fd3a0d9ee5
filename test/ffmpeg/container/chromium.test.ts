import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import type { AudioTrack, Container, Unit, VideoTrack } from '../../../src/media/container/types.ts'
import { decode } from '../../media/container/ffmpeg.ts'
import { packetsOf } from './oracle.ts'
import { feed, framesOf, read } from '../../media/container/reading.ts'

const DIRECTORY = new URL('../../fixtures/chromium/', import.meta.url)

interface Expected {
  container: Container
  video?: Pick<VideoTrack, 'codec' | 'copyable'>
  audio?: AudioTrack['codec']
  units: number
}

/** What the recordings are known to be from the way they were made: 640x360, 48 kHz, mono. */
const RECORDINGS: Record<string, Expected> = {
  'vp8-opus.webm': { container: 'matroska', video: { codec: 'vp8', copyable: false }, audio: 'opus', units: 50 },
  'vp8-opus-one-key-frame.webm': { container: 'matroska', video: { codec: 'vp8', copyable: false }, audio: 'opus', units: 29 },
  'vp8.webm': { container: 'matroska', video: { codec: 'vp8', copyable: false }, units: 38 },
  'vp9-opus.webm': { container: 'matroska', video: { codec: 'vp9', copyable: false }, audio: 'opus', units: 48 },
  'av1-opus.webm': { container: 'matroska', video: { codec: 'av1', copyable: false }, audio: 'opus', units: 52 },
  'h264-opus.mkv': { container: 'matroska', video: { codec: 'h264', copyable: true }, audio: 'opus', units: 60 },
  'opus.webm': { container: 'matroska', audio: 'opus', units: 30 },
  'pcm.mkv': { container: 'matroska', audio: 'pcm', units: 26 },
  'h264-opus.mp4': { container: 'mp4', video: { codec: 'h264', copyable: true }, audio: 'opus', units: 2 },
  'vp9-opus.mp4': { container: 'mp4', video: { codec: 'vp9', copyable: false }, audio: 'opus', units: 3 },
  'av1-opus.mp4': { container: 'mp4', video: { codec: 'av1', copyable: false }, audio: 'opus', units: 2 }
}

t.strictSame(readdirSync(DIRECTORY).sort(), Object.keys(RECORDINGS).sort(), 'every fixture is tested')

for (const [name, expected] of Object.entries(RECORDINGS)) {
  t.test(name, async t => {
    const bytes = readFileSync(new URL(name, DIRECTORY))
    const { events, inits, units, damage, settled } = read(bytes)

    t.equal(events[0]?.type, 'init')
    t.equal(inits.length, 1)
    const [init] = inits
    if (init === undefined) return
    t.equal(init.container, expected.container)
    t.match(init.video ?? {}, expected.video === undefined ? {} : { ...expected.video, width: 640, height: 360 })
    t.match(init.audio ?? {}, expected.audio === undefined ? {} : { codec: expected.audio, sampleRate: 48000, channels: 1, copyable: false })
    t.equal(init.video === undefined, expected.video === undefined)
    t.equal(init.audio === undefined, expected.audio === undefined)

    t.strictSame(damage, [])
    t.equal(units.length, expected.units)
    t.ok(settled - (units.at(-1)?.end ?? 0) <= 16, 'at most the head of a cluster comes after the last unit')
    t.ok(bytes.length - settled < (expected.container === 'mp4' ? 40_000 : 2500), 'only the unit that is cut off is left')
    t.ok(units.every(unit => unit.bytes.equals(bytes.subarray(unit.start, unit.end))), 'units are the bytes of the recording')
    t.ok(units.every(unit => (unit.lead === undefined) === (expected.container === 'mp4')))

    const oracle = await packetsOf(bytes.subarray(0, settled))
    t.strictSame(framesOf(units, 'video').map(({ timeUs, key }) => ({ timeUs, key })), oracle.video)
    t.strictSame(framesOf(units, 'audio').map(({ timeUs, key }) => ({ timeUs, key })), oracle.audio)
  })

  t.test(`${name} can be decoded from any key frame`, async t => {
    const { inits: [init], units } = read(readFileSync(new URL(name, DIRECTORY)))
    if (init === undefined) throw new Error('no header')
    const starts = units.filter(({ frames }) => frames.some(frame => frame.key && (frame.kind === 'video' || init.video === undefined)))
    const lastStart = starts.at(-1)
    t.ok(lastStart !== undefined)
    for (const start of new Set([units[0], lastStart])) {
      const fed = units.slice(units.indexOf(start as Unit))
      const { complaints, video, audio } = decode(feed(init, fed), expected.container)
      t.equal(complaints, '')
      t.equal(video, framesOf(fed, 'video').length)
      t.ok(audio >= framesOf(fed, 'audio').length - 1, 'no audio is missing but what Opus skips at the start')
    }
  })
}
