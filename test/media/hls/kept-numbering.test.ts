import { lutimes, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readNumbering } from '../../../src/media/hls/files.ts'
import { forgetNumberings, keepNumbering, readKeptNumbering } from '../../../src/media/hls/kept-numbering.ts'
import { removeStream } from '../../../src/media/storage/stream-folders.ts'

const LIST = '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:4\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n#EXTINF:2.000,\nsegment_4.ts\n#EXT-X-ENDLIST\n'

t.test('HLS-07: names do not come again when a stream was removed, and removed again', async t => {
  const streams = t.testdir()
  const folder = join(streams, 'key')
  t.equal(await readKeptNumbering(folder), undefined)
  for (const nextSequence of [5, 9]) {
    await mkdir(folder)
    await writeFile(join(folder, 'stream.m3u8'), LIST.replaceAll('4', String(nextSequence - 1)))
    t.equal(await removeStream(streams, 'key', () => true), true)
    t.match(await readNumbering(folder), { nextSequence, discontinuitySequence: 2, ended: false })
  }
  await mkdir(folder)
  await writeFile(join(folder, 'stream.m3u8'), LIST.replaceAll('4', '20'))
  t.match(await readNumbering(folder), { nextSequence: 21 }, 'a stream that is there counts')
  await rm(folder, { recursive: true })
  await rm(join(streams, '.headwater-numbering.key'))
  await symlink('something else', join(streams, '.headwater-numbering.key'))
  t.match(await readNumbering(folder), { nextSequence: 0 })
})

t.test('what no cache can hold is forgotten', async t => {
  const streams = t.testdir({ '.other': '' })
  const now = Date.now()
  for (const [key, ageMs] of [['young', 1.9 * 3_600_000], ['old', 2.1 * 3_600_000]] as const) {
    await keepNumbering(join(streams, key), { nextSequence: 1, discontinuitySequence: 0 })
    const at = new Date(now - ageMs)
    await lutimes(join(streams, `.headwater-numbering.${key}`), at, at)
  }
  await forgetNumberings(streams, now)
  t.strictSame((await readdir(streams)).sort(), ['.headwater-numbering.young', '.other'])
})
