import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { beepAndFlash, findBeepsAndFlashes } from '../fixtures/beep-and-flash.ts'
import { broadcast } from '../fixtures/broadcast.ts'
import { AAC, everyFrames, ffmpeg, fragmented, MATROSKA, OPUS, VP8, WEBM, X264 } from '../fixtures/generate.ts'
import { checkPublished, distances } from '../fixtures/published.ts'

const SECONDS = 61
const TOLERANCE_MS = 80
const H264 = [...X264, '-bf', '2', ...everyFrames(60)]
/** Every picture in the first tenth of a second, so that flashes stay; of the others some, with no pattern. */
const VARIABLE = ['-vf', "select='lt(mod(t+0.001,1),0.1)+gt(random(1),0.6)'", '-fps_mode', 'passthrough']

const BROADCASTS = {
  'H.264 and AAC in Matroska, copied': { rate: 30, args: [...H264, ...AAC, ...MATROSKA] },
  'H.264 and AAC in MP4, copied': { rate: 30, args: [...H264, ...AAC, ...fragmented('delay_moov+default_base_moof+frag_keyframe')] },
  'H.264 copied, Opus transcoded': { rate: 30, args: [...H264, ...OPUS, ...MATROSKA] },
  'VP8 and Opus, transcoded': { rate: 30, args: [...VP8, ...everyFrames(100), ...OPUS, ...WEBM] },
  'VP8 at 25 pictures a second': { rate: 25, args: [...VP8, ...everyFrames(100), ...OPUS, ...WEBM] },
  'VP8 with a variable frame rate': { rate: 30, args: [...VP8, ...VARIABLE, '-g', '60', ...OPUS, ...WEBM] }
}

for (const [name, { rate, args }] of Object.entries(BROADCASTS)) {
  t.test(`beep against flash over a minute: ${name}`, async t => {
    const recording = await ffmpeg([...beepAndFlash(SECONDS, rate), ...args])
    const published = await broadcast(t, recording)
    checkPublished(t, published, { video: true, audio: true })
    const { flashes, beeps } = await findBeepsAndFlashes(await serve(t, published.folder))
    t.ok(flashes.length >= SECONDS - 1, `flashes: ${flashes.length}`)
    t.ok(beeps.length >= SECONDS - 1, `beeps: ${beeps.length}`)
    const offsets = flashes.map(flash => Math.min(...beeps.map(beep => Math.abs(beep - flash))) * 1000)
    const worst = Math.max(...offsets)
    t.comment(`beep against flash, ${name}: at most ${worst.toFixed(1)} ms apart in ${flashes.length} s`)
    t.ok(worst <= TOLERANCE_MS, `beep and flash are never more than ${TOLERANCE_MS} ms apart: ${worst.toFixed(0)} ms`)
    const { least, most } = distances(flashes.map(flash => flash * 1000))
    t.ok(least > 955 && most < 1045, `every second has its flash: ${least.toFixed(0)} to ${most.toFixed(0)} ms`)
  })
}

/** Serves a stream's folder. @returns the URL of its playlist */
async function serve (t: Test, folder: string): Promise<string> {
  const server = createServer((request, response) => { createReadStream(join(folder, basename(request.url!))).pipe(response) })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise(resolve => {
    server.close(resolve)
    server.closeAllConnections()
  }))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/stream.m3u8`
}
