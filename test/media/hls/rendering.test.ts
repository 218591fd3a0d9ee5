import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { Rendering } from '../../../src/media/hls/rendering.ts'

t.test('a rendering is compressed once, when it is asked for', async t => {
  const rendering = new Rendering(Buffer.from('#EXTM3U\n'.repeat(100)), 7)
  t.equal(rendering.version, 7)
  const first = rendering.gzipped()
  t.equal(rendering.gzipped(), first)
  t.ok(gunzipSync(await first).equals(rendering.body))
})
