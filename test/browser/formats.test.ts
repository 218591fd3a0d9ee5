import t from 'tap'
import { http } from '../fixtures/http.ts'
import { startServer } from '../fixtures/server.ts'
import { launchChromium } from './chromium.ts'
import { openRecorder, type Recording } from './recorder-page.ts'
import { openWatchPage } from './watch-page.ts'

/** What Chromium can record, and what it then says it records. */
const FORMATS: Array<Omit<Recording, 'streamKey'> & { name: string, records: RegExp }> = [
  { name: 'vp8', mimeType: 'video/webm;codecs=vp8,opus', records: /^video\/webm;.*vp8/ },
  { name: 'vp9', mimeType: 'video/webm;codecs=vp9,opus', records: /^video\/webm;.*vp9/, as: 'buffer' },
  { name: 'av1', mimeType: 'video/webm;codecs=av1,opus', records: /^video\/webm;.*av0?1/ },
  { name: 'h264-matroska', mimeType: 'video/x-matroska;codecs=avc1,opus', records: /^video\/x-matroska;.*avc1/, as: 'buffer' },
  { name: 'h264-mp4', mimeType: 'video/mp4;codecs=avc1,opus', records: /^video\/mp4;.*avc1/ },
  { name: 'vp9-mp4', mimeType: 'video/mp4;codecs=vp9,opus', records: /^video\/mp4;.*vp0?9/ },
  { name: 'av1-mp4', mimeType: 'video/mp4;codecs=av01,opus', records: /^video\/mp4;.*av0?1/ },
  { name: 'sound-only', mimeType: 'audio/webm;codecs=opus', records: /^audio\/webm/, video: false },
  { name: 'picture-only', mimeType: 'video/webm;codecs=vp8', records: /^video\/webm;.*vp8/, audio: false }
]

/** More than the player keeps ahead. */
const PLAYED_SECONDS = 13
const SAMPLES = 4

t.test('what Chromium records, Chromium plays', async t => {
  const server = await startServer(t, { standalone: true })
  const browser = await launchChromium(t)
  for (const { name, records, ...recording } of FORMATS) {
    await t.test(name, async t => {
      const recorder = await openRecorder(t, browser, server, { ...recording, streamKey: name })
      t.match(recorder.mimeType, records)
      const began = performance.now()
      const elapsed = () => ((performance.now() - began) / 1000).toFixed(1)
      // The server holds both requests for the playlist, this one and the page's, until there is a segment.
      const firstSegment = http(server, `/livestream/${name}/live.m3u8`).then(({ status }) => ({ status, after: elapsed() }))
      const watch = await openWatchPage(t, browser, server, name)
      await watch.until({ playback: 'playing' })
      const playingAfter = elapsed()
      const { mediaSeconds, seconds } = await watch.advance(PLAYED_SECONDS)
      const { dated, said } = await watch.behindLive(SAMPLES)
      const { status, after } = await firstSegment
      t.equal(status, 200)
      t.comment(`${name}: first segment ${after} s and playing ${playingAfter} s after the recorder began; ${mediaSeconds.toFixed(1)} s played in ${seconds.toFixed(1)} s`)
      t.ok(mediaSeconds >= PLAYED_SECONDS, `the playhead moved ${mediaSeconds.toFixed(2)} s`)
      t.ok(said.every((one, index) => Math.abs(one - dated[index]!) < 1), `the page says how far it is behind: ${said.map(one => one.toFixed(1)).join(', ')} s of ${dated.map(one => one.toFixed(1)).join(', ')} s`)
      const { stream, viewers, errors } = await watch.state()
      t.match({ stream, viewers }, { stream: 'live', viewers: 1 })
      t.strictSame(errors.filter(({ fatal }) => fatal), [], 'hls.js met no fatal error')
      t.strictSame(watch.complaints, [], 'the page did not complain, its content security policy neither')
      t.strictSame(await recorder.problems(), [], 'the server did not complain')
    })
  }
})
