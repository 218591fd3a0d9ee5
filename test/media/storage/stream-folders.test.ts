import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { finishRemovals, listStreamFolders, readContent, removeStream } from '../../../src/media/storage/stream-folders.ts'

const newStream = () => ({ 'stream.m3u8': 'list', 'live.m3u8': 'l', 'segment_0.ts': '12345', 'segment_1.ts.part': '123', 'journal.jsonl': '{}' })
const always = () => true

t.test('folders, the one written to longest ago first', async t => {
  const streams = t.testdir({ young: {}, old: {}, middle: {}, '.hidden': {}, 'README.md': '', elsewhere: { inside: {} } })
  for (const [key, day] of [['young', 3], ['old', 1], ['middle', 2], ['elsewhere', 4]] as const) await utimes(join(streams, key), day, day)
  await symlink(join(streams, 'elsewhere'), join(streams, 'link'))
  await symlink('nobody:1:::', join(streams, '.headwater-lock.1'))
  t.strictSame(await listStreamFolders(streams), [{ key: 'old', writtenAt: 1_000 }, { key: 'middle', writtenAt: 2_000 }, { key: 'young', writtenAt: 3_000 }, { key: 'elsewhere', writtenAt: 4_000 }])
  t.strictSame(await listStreamFolders(join(streams, 'gone')), [])
})

t.test('what is in a folder', async t => {
  const streams = t.testdir({ stream: newStream(), mixed: { ...newStream(), 'thesis.doc': 'x' }, hidden: { ...newStream(), '.git': {} }, folder: { 'stream.m3u8': '', 'segment_0.ts': {} }, none: { 'segment_0.ts': '1' }, file: '' })
  const content = (key: string) => readContent(join(streams, key), { sizes: true })
  t.strictSame(await content('stream'), { bytes: 15, isStream: true, isOurs: true })
  t.strictSame(await content('mixed'), { bytes: 15, isStream: true, isOurs: false })
  t.strictSame(await content('hidden'), { bytes: 15, isStream: true, isOurs: false })
  t.strictSame(await content('folder'), { bytes: 0, isStream: true, isOurs: false })
  t.strictSame(await content('none'), { bytes: 1, isStream: false, isOurs: true })
  t.equal(await content('file'), undefined)
  t.equal(await content('gone'), undefined)
  t.equal((await readContent(join(streams, 'stream'), { sizes: false }))?.bytes, 0, 'sizes only when they are asked for')
})

t.test('more files than are looked at at a time', async t => {
  const folder = t.testdir()
  for (let sequence = 0; sequence < 100; sequence++) await writeFile(join(folder, `segment_${sequence}.ts`), '123')
  t.equal((await readContent(folder, { sizes: true }))?.bytes, 300)
})

t.test('a stream is removed, and nothing else', async t => {
  const streams = t.testdir({ stream: newStream(), mixed: { ...newStream(), 'thesis.doc': 'x' }, recording: { 'segment_0.ts': '' }, nested: { ...newStream(), folder: {} } })
  t.equal(await removeStream(streams, 'stream', always), true)
  for (const key of ['mixed', 'recording', 'nested', 'gone']) t.equal(await removeStream(streams, key, always), false, key)
  t.strictSame((await readdir(streams)).filter(name => !name.startsWith('.headwater-numbering.')).sort(), ['mixed', 'nested', 'recording'])
})

t.test('a stream that begins meanwhile keeps its folder', async t => {
  const streams = t.testdir({ stream: newStream() })
  for (const answers of [[false], [true, false]]) {
    t.equal(await removeStream(streams, 'stream', () => answers.shift()!), false)
    t.strictSame((await readdir(join(streams, 'stream'))).sort(), Object.keys(newStream()).sort())
  }
  const removing = removeStream(streams, 'stream', always)
  while ((await readdir(streams)).includes('stream')) await Promise.resolve()
  await mkdir(join(streams, 'stream'))
  await writeFile(join(streams, 'stream', 'stream.m3u8'), 'new')
  t.equal(await removing, true)
  t.strictSame(await readdir(join(streams, 'stream')), ['stream.m3u8'], 'the new one has a folder of its own')
})

t.test('what was being removed when the server died is removed', async t => {
  const streams = t.testdir({ '.headwater-removed.a': newStream(), '.other': {}, b: newStream() })
  await finishRemovals(streams)
  t.strictSame((await readdir(streams)).filter(name => !name.startsWith('.headwater-numbering.')).sort(), ['.other', 'b'])
  await t.resolves(finishRemovals(join(streams, 'gone')))
})
