import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { sweep } from '../../../src/media/hls/retention.ts'

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2024, 0, 2)

async function age (path: string, hours: number): Promise<void> {
  const at = new Date(NOW - hours * HOUR_MS)
  await utimes(path, at, at)
}

t.test('HLS-07: ended streams are kept for the retention, then removed', async t => {
  const streams = t.testdir({
    old: { 'stream.m3u8': '', 'live.m3u8': '', 'journal.jsonl': '', 'segment_0.ts': '', 'segment_1.ts.part': '' },
    young: { 'stream.m3u8': '', 'segment_0.ts': '' },
    running: { 'stream.m3u8': '', 'segment_0.ts': '' },
    'README.md': ''
  })
  for (const [key, hours] of [['old', 25], ['young', 23], ['running', 25]] as const) await age(join(streams, key), hours)
  t.strictSame(await sweep(streams, 24 * HOUR_MS, NOW, new Map([['running', { firstSequence: 0 }]])), ['old'])
  t.strictSame((await readdir(streams)).filter(name => !name.startsWith('.headwater-numbering.')).sort(), ['README.md', 'running', 'young'])
})

t.test('HLS-07: what an earlier broadcast left in a running stream goes with its age', async t => {
  const streams = t.testdir({ key: { 'stream.m3u8': '', 'segment_0.ts': '', 'segment_1.ts': '', 'segment_2.ts': '', 'segment_3.ts': '' } })
  for (const sequence of [0, 2, 3]) await age(join(streams, 'key', `segment_${sequence}.ts`), 25)
  await age(join(streams, 'key', 'segment_1.ts'), 1)
  t.strictSame(await sweep(streams, 24 * HOUR_MS, NOW, new Map([['key', { firstSequence: 2 }]])), [join('key', 'segment_0.ts')])
  t.strictSame((await readdir(join(streams, 'key'))).sort(), ['segment_1.ts', 'segment_2.ts', 'segment_3.ts', 'stream.m3u8'], 'nothing of the running broadcast')
})

t.test('a folder that is not ours is never removed', async t => {
  const streams = t.testdir({
    home: { 'stream.m3u8': '', 'thesis.doc': '' },
    photos: { 'segment_0.ts': '' },
    nested: { 'stream.m3u8': '', 'segment_0.ts': {} },
    hidden: { 'stream.m3u8': '', '.git': {} }
  })
  for (const key of ['home', 'photos', 'nested', 'hidden']) await age(join(streams, key), 1000)
  t.strictSame(await sweep(streams, HOUR_MS, NOW, new Map()), [])
  t.strictSame((await readdir(streams)).filter(name => !name.startsWith('.headwater-numbering.')).sort(), ['hidden', 'home', 'nested', 'photos'])
})

t.test('a stream that begins while the sweep looks keeps its folder', async t => {
  const streams = t.testdir({ key: { 'stream.m3u8': '', 'segment_0.ts': '' } })
  await age(join(streams, 'key'), 1000)
  const answers = [undefined, undefined, { firstSequence: 1 }]
  t.strictSame(await sweep(streams, HOUR_MS, NOW, { get: () => answers.shift() }), [])
  t.strictSame((await readdir(join(streams, 'key'))).sort(), ['segment_0.ts', 'stream.m3u8'])
})

t.test('no media root, nothing to do', async t => {
  t.strictSame(await sweep(join(t.testdir(), 'gone'), HOUR_MS, NOW, new Map()), [])
})
