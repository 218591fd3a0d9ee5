import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { thisProcess, writeHolder } from '../../../src/folder-lock/holder.ts'
import { openDisk } from '../../../src/platform/objects/disk.ts'
import type { Objects } from '../../../src/platform/objects/objects.ts'
import { Told } from '../../fixtures/told.ts'
import { objectsSuite, read, TEXT } from './objects-suite.ts'

const PROGRAM = fileURLToPath(new URL('../../fixtures/programs/puts-objects.ts', import.meta.url))
const KILLS = 5
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

t.test('a server that is killed leaves whole objects, and what it said to be there is there', async t => {
  const folder = await ownFolder(t)
  let [told, leftovers] = [0, 0]
  for (let kill = 0; kill < KILLS; kill++) {
    const there = new Map<string, string>()
    const child = fork(PROGRAM, [folder], { execArgv: ['--import=tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const gone = once(child, 'exit')
    await new Promise<void>(resolve => {
      let messages = 0
      child.on('message', (message: string) => {
        const [key, etag] = message.split(' ') as [string, string]
        there.set(key, etag)
        if (++messages === 30 + kill * 17) resolve()
      })
    })
    child.kill('SIGKILL')
    await gone
    told += there.size
    leftovers += await filesIn(folder, 'objects', 'unfinished')
    const log = new Told()
    const objects = await open(t, folder, log)
    t.equal(await filesIn(folder, 'objects', 'unfinished'), 0, 'what it did not finish is gone')
    const { objects: listed } = await objects.list('')
    t.ok([...there.keys()].every(key => listed.some(one => one.key === key)), `${there.size} keys that it told`)
    for (const { key, etag } of listed) {
      const found = (await objects.get(key))!
      const content = await buffer(found.body)
      const digest = createHash('sha256').update(content).digest().subarray(0, 16).toString('base64url')
      t.strictSame([content.length, digest, found.contentType], [found.bytes, etag, `text/x-${content.readUInt32BE(0)}`], `${key} is whole`)
    }
    t.strictSame(log.all('the file of an object is damaged: it counts as none'), [])
    await objects.close()
  }
  t.ok(leftovers > 0, 'it was killed in the middle of puts')
  t.comment(`killed ${KILLS} times: ${told} keys told, ${leftovers} unfinished files removed`)
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
  for (let at = 0; at < keys.length; at += 100) await Promise.all(keys.slice(at, at + 100).map(key => objects.put(key, Buffer.from(key), TEXT)))
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
  t.ok(ms < 10_000, `in ${Math.round(ms)} ms`)
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
