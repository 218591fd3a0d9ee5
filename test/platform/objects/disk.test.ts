import { linkSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { thisProcess, writeHolder } from '../../../src/folder-lock/holder.ts'
import { openDisk } from '../../../src/platform/objects/disk.ts'
import type { Objects } from '../../../src/platform/objects/objects.ts'
import { OwnDisk, whyNoMount } from '../../chaos/own-disk.ts'
import { Told } from '../../fixtures/told.ts'
import { objectsSuite, read, TEXT } from './objects-suite.ts'

/** No process has this number. */
const NO_PID = 2 ** 22 + 1
const MAX_OBJECT_BYTES = 100_000_000

async function ownFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-objects-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function open (t: Test, dataDir: string, log = new Told()): Promise<Objects> {
  const objects = await openDisk({ dataDir, maxObjectBytes: MAX_OBJECT_BYTES }, log)
  t.teardown(() => objects.close())
  return objects
}

/** Descriptors of this process that lead into a folder. */
async function descriptorsInto (folder: string): Promise<number> {
  const targets = await Promise.all((await readdir('/proc/self/fd')).map(fd => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return targets.filter(target => target.startsWith(folder)).length
}

const filesIn = async (...path: string[]) => (await readdir(join(...path), { recursive: true, withFileTypes: true })).filter(entry => entry.isFile()).length

objectsSuite(t, async (t, settings) => {
  const folder = await ownFolder(t)
  const objects = await openDisk({ dataDir: folder, maxObjectBytes: MAX_OBJECT_BYTES, ...settings }, new Told())
  t.teardown(() => objects.close())
  return {
    objects,
    unfinished: () => filesIn(folder, 'objects', 'unfinished'),
    descriptors: () => descriptorsInto(folder)
  }
})

t.test('objects outlive the server, and are only files: a copy of the folder has them', async t => {
  const folder = await ownFolder(t)
  const first = await open(t, folder)
  const put = await first.put('a/b', Buffer.from('text'), { contentType: 'image/png' })
  await first.close()
  t.strictSame(await (await open(t, folder)).info('a/b'), put)
  const copy = await ownFolder(t)
  await cp(folder, copy, { recursive: true, preserveTimestamps: true })
  const copied = await open(t, copy)
  t.equal((await read(copied, 'a/b')).toString(), 'text')
  t.equal((await readFile(join(copy, 'objects', 'files', 'a', 'b+'))).subarray(0, 4).toString(), 'text', 'the content is where the file begins')
  t.equal(await copied.signedUrl('a/b', { seconds: 60 }), undefined, 'only the server gives it out')
})

t.test('who starts removes what the dead left, and nothing of the living', async t => {
  const folder = await ownFolder(t)
  const unfinished = join(folder, 'objects', 'unfinished')
  await mkdir(unfinished, { recursive: true })
  const self = await thisProcess()
  const yesterday = Date.now() / 1_000 - 2 * 86_400
  const leave = async (name: string, { old = false } = {}) => {
    await writeFile(join(unfinished, name), 'half')
    if (old) await utimes(join(unfinished, name), yesterday, yesterday)
    return name
  }
  await leave(`${writeHolder({ ...self, pid: NO_PID })}.7`)
  await leave(`${writeHolder({ ...self, scope: 'elsewhere' })}.0`, { old: true })
  await leave('something', { old: true })
  const stays = [await leave(`${writeHolder(self)}.1`, { old: true }), await leave(`${writeHolder({ ...self, scope: 'elsewhere' })}.1`), await leave('something.else')]
  const log = new Told()
  await open(t, folder, log)
  t.strictSame((await readdir(unfinished)).sort(), stays.sort())
  t.strictSame(log.all('objects that were never finished were removed'), [{ removed: 3 }])
})

t.test('a file that is not given out is not held', async t => {
  const folder = await ownFolder(t)
  const objects = await open(t, folder)
  await objects.put('a', Buffer.from('text'), TEXT)
  await objects.put('empty', Buffer.alloc(0), TEXT)
  await t.rejects(objects.get('a', { start: 4, end: 5 }), { code: 'RANGE_NOT_SATISFIABLE' })
  await t.rejects(objects.get('empty', { start: 0, end: 0 }), { code: 'RANGE_NOT_SATISFIABLE' })
  t.match(await objects.get('empty'), { bytes: 0 })
  await objects.info('a')
  await objects.list('')
  t.equal(await descriptorsInto(folder), 0)
  await objects.get('a')
  t.equal(await descriptorsInto(folder), 1, 'and one that is, is, until it was read')
})

t.test('two servers may share a folder', async t => {
  const folder = await ownFolder(t)
  const [one, other] = [await open(t, folder), await open(t, folder)]
  await Promise.all(Array.from({ length: 50 }, async (_, index) => await (index % 2 === 0 ? one : other).put(`${index % 5}`, Buffer.alloc(1_000 + index, index), TEXT)))
  for (const { key, bytes } of (await one.list('')).objects) t.equal((await read(other, key)).length, bytes, key)
  await one.close()
  await other.put('after', Buffer.from('text'), TEXT)
  t.equal(await filesIn(folder, 'objects', 'unfinished'), 0)
})

t.test('ten thousand keys are listed in pages', async t => {
  const folder = await ownFolder(t)
  const objects = await open(t, folder)
  const keys = Array.from({ length: 10_000 }, (_, index) => `many/${(index * 7_919) % 10_000}`)
  await objects.put(keys[0]!, Buffer.from('text'), TEXT)
  // Objects are only files: so many are there sooner than they are put.
  const pathOf = (key: string) => join(folder, 'objects', 'files', `${key}+`)
  for (const key of keys.slice(1)) linkSync(pathOf(keys[0]!), pathOf(key))
  const began = performance.now()
  const listed: string[] = []
  let pages = 0
  let after: string | undefined
  do {
    const page = await objects.list('many/', after === undefined ? {} : { after })
    listed.push(...page.objects.map(({ key }) => key))
    pages++
    after = page.next
  } while (after !== undefined)
  const ms = performance.now() - began
  t.equal(pages, 10)
  t.strictSame(listed, [...keys].sort())
  t.comment(`10,000 objects in ${pages} pages: ${Math.round(ms)} ms`)
})

t.test('puts and deletes in one folder do not get in the way of each other', async t => {
  const folder = await ownFolder(t)
  const objects = await open(t, folder)
  await Promise.all(Array.from({ length: 8 }, async (_, lane) => {
    for (let round = 0; round < 60; round++) {
      const key = `a/b/c/${lane}`
      await objects.put(key, Buffer.from(key), TEXT)
      await objects.list('a/')
      await objects.delete(key)
    }
  }))
  t.strictSame(await readdir(join(folder, 'objects', 'files')), [], 'folders that are empty go too')
  await objects.put('a/b', Buffer.from('text'), TEXT)
  await objects.put('a/c/d', Buffer.from('text'), TEXT)
  await objects.delete('a/c/d')
  t.strictSame(await readdir(join(folder, 'objects', 'files', 'a')), ['b+'], 'and others stay')
})

t.test('a file that was cut or changed is no object, and can be put again', async t => {
  const folder = await ownFolder(t)
  const log = new Told()
  const objects = await open(t, folder, log)
  const damage: Record<string, (path: string) => Promise<void>> = {
    'cut at the end': async path => await truncate(path, (await stat(path)).size - 1),
    'cut in the middle': async path => await truncate(path, 700),
    'cut at the beginning': async path => await writeFile(path, (await readFile(path)).subarray(1)),
    emptied: async path => await truncate(path, 0),
    zeroed: async path => await writeFile(path, Buffer.alloc(2_000)),
    lengthened: async path => await writeFile(path, 'more', { flag: 'a' }),
    'of another kind': async path => await writeFile(path, `${'x'.repeat(1_000)}${'null'.padEnd(512)}`)
  }
  for (const [how, act] of Object.entries(damage)) {
    await objects.put('a', Buffer.alloc(1_000, 'a'), TEXT)
    await objects.put('b', Buffer.from('b'), TEXT)
    await act(join(folder, 'objects', 'files', 'a+'))
    t.equal(await objects.get('a'), undefined, how)
    t.equal(await objects.info('a'), undefined)
    t.strictSame((await objects.list('')).objects.map(({ key }) => key), ['b'])
    t.equal((await objects.put('a', Buffer.from('again'), TEXT)).bytes, 5)
    t.equal((await read(objects, 'a')).toString(), 'again')
  }
  t.match(log.all('the file of an object is damaged: it counts as none')[0], { key: 'a' })
  t.equal(await descriptorsInto(folder), 0)
})

t.test("files that are nobody's objects are left alone", async t => {
  const folder = await ownFolder(t)
  const objects = await open(t, folder)
  await objects.put('a/b', Buffer.from('text'), TEXT)
  const files = join(folder, 'objects', 'files')
  await writeFile(join(files, 'README'), 'no object')
  await writeFile(join(files, 'a', '.nfs0001'), '')
  await writeFile(join(files, 'ä+'), 'no key')
  await mkdir(join(files, 'folder+'))
  await mkdir(join(files, 'lost found'))
  t.strictSame((await objects.list('')).objects.map(({ key }) => key), ['a/b'])
  t.equal(await objects.get('README'), undefined)
  t.equal(await objects.get('folder'), undefined, 'nor is a folder')
  await objects.delete('a/b')
  t.strictSame(await readdir(join(files, 'a')), ['.nfs0001'])
  t.equal(await descriptorsInto(folder), 0)
})

// A disk of our own to fill needs the right to mount, which CI has; filling anybody else's would be worse than not to try.
const noMount = await whyNoMount(join(await ownFolder(t), 'try'))

t.test('a full disk is told, and nothing is lost on it', { skip: noMount === undefined ? false : `no disk of our own: ${noMount}` }, async t => {
  const root = join(await ownFolder(t), 'disk')
  const disk = await OwnDisk.mount(root, 2_000_000)
  t.teardown(() => disk.unmount())
  const objects = await open(t, root)
  await objects.put('a', Buffer.alloc(500_000, 'a'), TEXT)
  await disk.fillUpTo(200_000)
  const full = { code: 'STORAGE_FULL', statusCode: 507, message: 'There is no space on the disk for the object' }
  await t.rejects(objects.put('a', Buffer.alloc(500_000, 'b'), TEXT), full)
  await t.rejects(objects.put('b/c', Readable.from([Buffer.alloc(500_000)]), TEXT), full)
  t.equal(await filesIn(root, 'objects', 'unfinished'), 0)
  t.ok((await read(objects, 'a')).equals(Buffer.alloc(500_000, 'a')), 'what was there is')
  t.strictSame((await objects.list('')).objects.map(({ key }) => key), ['a'])
  await disk.release()
  await objects.put('b/c', Buffer.alloc(500_000), TEXT)
})

t.test('a folder that cannot be used is told', async t => {
  const folder = await ownFolder(t)
  await writeFile(join(folder, 'file'), 'a file')
  for (const dataDir of [join(folder, 'file'), join(folder, 'file', 'below')]) {
    await t.rejects(open(t, dataDir), { code: 'CONFIG_INVALID', message: new RegExp(`DATA_DIR\\), ${dataDir}/objects, cannot be used: E[A-Z]+.*Name a folder`) }, dataDir)
  }
  const objects = await open(t, folder)
  t.equal(await objects.trouble(), undefined)
  await rm(join(folder, 'objects'), { recursive: true })
  t.equal(await objects.trouble(), 'The folder of objects cannot be written to: ENOENT', 'no path: anybody may ask')
})
