import t from 'tap'
import { thumbnailArguments } from '../../../src/media/ffmpeg/thumbnail-arguments.ts'

t.test('one picture of MPEG-TS on standard input, by pipes alone', async t => {
  t.strictSame(thumbnailArguments({ thumbnailWidth: 640, maxVideoPixels: 8_294_400 }), [
    '-hide_banner', '-nostats', '-loglevel', 'level+warning', '-protocol_whitelist', 'pipe', '-format_whitelist', 'mpegts',
    '-max_pixels', '8294400', '-threads', '1', '-fpsprobesize', '0', '-f', 'mpegts', '-i', 'pipe:0', '-map', '0:v:0', '-frames:v', '1',
    '-vf', "scale=w='2*trunc(min(iw,640)/2)':h=-2", '-filter_threads', '1',
    '-c:v', 'mjpeg', '-threads:v', '1', '-q:v', '4', '-f', 'mjpeg', 'pipe:1'
  ])
})

t.test('settings reach the arguments', async t => {
  const args = thumbnailArguments({ thumbnailWidth: 320, maxVideoPixels: 1000 })
  t.equal(args[args.indexOf('-max_pixels') + 1], '1000')
  t.match(args[args.indexOf('-vf') + 1], /min\(iw,320\)/)
})
