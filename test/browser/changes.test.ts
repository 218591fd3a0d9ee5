import t from 'tap'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { startServer } from '../fixtures/server.ts'
import { launchChromium } from './chromium.ts'
import { openRecorder } from './recorder-page.ts'
import { openWatchPage } from './watch-page.ts'

t.test('what recorders do in mid-stream does not stop a viewer', async t => {
  const server = await startServer(t, { standalone: true })
  const browser = await launchChromium(t)
  const playlistOf = async (key: string) => readPlaylist((await http(server, `/livestream/${key}/stream.m3u8`)).text)

  await t.test('key frames are left to the browser, about 5 s: the server transcodes', async t => {
    const streamKey = 'own-key-frames'
    const recorder = await openRecorder(t, browser, server, { streamKey, mimeType: 'video/x-matroska;codecs=avc1,opus', keyFrameMs: null })
    const watch = await openWatchPage(t, browser, server, streamKey)
    await watch.until({ playback: 'playing' })
    const { mediaSeconds, seconds } = await watch.advance(13)
    t.comment(`own key frames: ${mediaSeconds.toFixed(1)} s played in ${seconds.toFixed(1)} s`)
    t.ok(mediaSeconds >= 13, `the playhead moved ${mediaSeconds.toFixed(2)} s`)
    t.strictSame((await watch.state()).errors.filter(({ fatal }) => fatal), [])
    t.strictSame(await recorder.problems(), [])
    const { segments } = await playlistOf(streamKey)
    t.ok(segments.slice(1).every(({ durationMs }) => durationMs <= 2_500), `segments stay short: ${segments.map(({ durationMs }) => durationMs).join(', ')} ms`)
  })

  for (const [name, mimeType] of [['vp8', 'video/webm;codecs=vp8,opus'], ['h264', 'video/mp4;codecs=avc1,opus']] as const) {
    await t.test(`the recorder is stopped and started again: ${name}`, async t => {
      const streamKey = `anew-${name}`
      const recorder = await openRecorder(t, browser, server, { streamKey, mimeType })
      const watch = await openWatchPage(t, browser, server, streamKey)
      await watch.until({ playback: 'playing' })
      await watch.advance(4)
      await recorder.recordAnew()
      const { mediaSeconds, seconds } = await watch.advance(13)
      t.comment(`recorder started again, ${name}: ${mediaSeconds.toFixed(1)} s played in ${seconds.toFixed(1)} s`)
      t.ok(mediaSeconds >= 13, `the playhead moved ${mediaSeconds.toFixed(2)} s`)
      t.strictSame((await watch.state()).errors.filter(({ fatal }) => fatal), [])
      t.strictSame(watch.complaints, [])
      t.strictSame(await recorder.problems(), [])
      const { segments } = await playlistOf(streamKey)
      t.equal(segments.filter(({ discontinuity }) => discontinuity).length, 1, 'one discontinuity, where the new recording begins')
    })
  }
})
