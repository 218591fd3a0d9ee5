import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { broadcast } from '../fixtures/broadcast.ts'
import { ffmpeg } from '../fixtures/generate.ts'
import { checkPublished, distances, mediaMs, timesMs, wholeStream } from '../fixtures/published.ts'

const FOLDER = new URL('../fixtures/chromium/', import.meta.url)

// Chromium wrote them; they are cut off somewhere, as when a browser dies.
for (const name of readdirSync(FOLDER)) {
  t.test(`what Chromium recorded comes out: ${name}`, async t => {
    const audio = /opus|pcm/.test(name)
    const video = !/^(opus|pcm)/.test(name)
    const published = await broadcast(t, readFileSync(new URL(name, FOLDER)), { chunkBytes: 3_000 })
    checkPublished(t, published, { video, audio })
    t.match(published.runs, [{ kind: 'finished', video: name.startsWith('h264') ? 'copy' : video ? /^transcode 640x360$/ : 'none', audio: audio ? 'transcode' : 'none' }])
    t.equal(published.runs.length, 1)
    t.strictSame(published.troubles, [])
    if (audio) t.ok(distances(timesMs(published, 'audio')).most < 30, 'no hole in the sound')
    if (video) t.ok(distances(timesMs(published, 'video')).most < 150, 'the pictures go on')
    t.ok(mediaMs(published) > 200)
    // -v error -xerror: the decoder has nothing to complain about.
    await ffmpeg(['-xerror', '-f', 'mpegts', '-i', 'pipe:0', '-f', 'null', '-'], wholeStream(published))
  })
}
