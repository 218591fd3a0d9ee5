import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import type { Test } from 'tap'
import type { PlatformConfig } from '../../../src/config/platform.ts'
import { bytesInUse } from '../../fuzz/memory.ts'
import type { ByteRange, ListedObject, Objects } from '../../../src/platform/objects/objects.ts'

/** An empty storage, and what can be seen of it from outside. */
export interface OpenedObjects {
  objects: Objects
  /** Puts that were begun and are neither objects nor gone. */
  unfinished: () => Promise<number>
  /** Descriptors of this process that storage takes. */
  descriptors: () => Promise<number>
}

/** Closed and removed when the test is over. */
export type OpenObjects = (t: Test, settings?: Partial<PlatformConfig>) => Promise<OpenedObjects>

export const TEXT = { contentType: 'text/plain; charset=utf-8' }
const PART_BYTES = 5_242_880
const BIG_BYTES = 50_000_000
/** What a put of a stream may hold at a time: two parts on their way to S3, the next one that comes together, and copies. */
const HELD_BYTES = 5 * PART_BYTES
/** Memory is looked at once in so many bytes. */
const LOOK_BYTES = 2_500_000
const SECONDS = 1_000

/** The content of an object. @throws when there is none */
export async function read (objects: Objects, key: string, range?: ByteRange): Promise<Buffer> {
  const found = await objects.get(key, range)
  if (found === undefined) throw new Error(`${key} is not there`)
  return await buffer(found.body)
}

/** There is no event for what others let go of. */
async function settles (look: () => Promise<number>, at: number): Promise<number> {
  for (let tries = 0; tries < 500 && await look() > at; tries++) await delay(10)
  return await look()
}

/** Bytes in use when all that was freed is noticed: buffers are let go of a little later than what refers to them. */
async function restingBytes (): Promise<number> {
  let bytes = bytesInUse()
  for (let tries = 0; tries < 20; tries++) {
    await delay(10)
    bytes = Math.min(bytes, bytesInUse())
  }
  return bytes
}

async function allPages (objects: Objects, prefix: string, limit: number): Promise<{ listed: ListedObject[], sizes: number[] }> {
  const listed: ListedObject[] = []
  const sizes: number[] = []
  let after: string | undefined
  do {
    const page = await objects.list(prefix, { limit, ...(after === undefined ? {} : { after }) })
    listed.push(...page.objects)
    sizes.push(page.objects.length)
    after = page.next
  } while (after !== undefined)
  return { listed, sizes }
}

/** Bytes that come in chunks of any size, and end with an error where there is one. */
function stream (bytes: Uint8Array, { chunkBytes = 65_536, error }: { chunkBytes?: number, error?: Error } = {}): Readable {
  return Readable.from((async function * () {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      yield bytes.subarray(at, at + chunkBytes)
      await setImmediate()
    }
    if (error !== undefined) throw error
  })(), { objectMode: false })
}

const UNFIT_KEYS = ['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/..', '../a', 'a/../b', 'a/./b', './a', 'a b', 'a\0b', 'a\n', 'a\r\nb', 'a\\b', 'a+', 'ä', '%2e%2e/a', 'a?b', 'a#b', 'a:b', '~', 'x'.repeat(201), `${'x/'.repeat(256)}x`]
const UNFIT_TYPES = ['', 'text', 'text/', '/plain', 'text/plain\r\nx-more: 1', 'text/plain\n', 'text/plain; ä', 'te xt/plain', `text/${'x'.repeat(200)}`]

/** What every storage of objects has to do. */
export function objectsSuite (t: Test, open: OpenObjects): void {
  t.test('what is put can be had again, whole, and be deleted', async t => {
    const { objects } = await open(t)
    const began = Date.now()
    const put = await objects.put('avatars/1.webp', Buffer.from('picture'), { contentType: 'image/webp' })
    t.match(put, { key: 'avatars/1.webp', bytes: 7, contentType: 'image/webp', etag: /^[^"\s]+$/ })
    t.ok(Math.abs(put.modifiedAt - began) < 5 * SECONDS, 'it is of now')
    const info = await objects.info('avatars/1.webp')
    t.strictSame({ ...info, modifiedAt: 0 }, { ...put, modifiedAt: 0 })
    t.ok(Math.abs(info!.modifiedAt - put.modifiedAt) < 2 * SECONDS)
    const { body, ...told } = (await objects.get('avatars/1.webp'))!
    t.strictSame(told, info)
    t.equal((await buffer(body)).toString(), 'picture')

    await objects.delete('avatars/1.webp')
    t.equal(await objects.get('avatars/1.webp'), undefined)
    t.equal(await objects.info('avatars/1.webp'), undefined)
    t.strictSame(await objects.list(''), { objects: [], next: undefined })
    await objects.delete('avatars/1.webp')
    t.equal(await objects.trouble(), undefined)
  })

  t.test('a put replaces content and type, and the etag with them', async t => {
    const { objects } = await open(t)
    const first = await objects.put('a', Buffer.from('one'), TEXT)
    const second = await objects.put('a', Buffer.from('two'), { contentType: 'image/png' })
    t.not(second.etag, first.etag)
    t.match(await objects.info('a'), { bytes: 3, contentType: 'image/png', etag: second.etag })
    t.equal((await read(objects, 'a')).toString(), 'two')
    t.equal((await objects.put('a', stream(Buffer.from('one')), TEXT)).etag, first.etag, 'the same content, the same etag')
  })

  t.test('every byte is kept, however it comes', async t => {
    const { objects, unfinished } = await open(t, { s3PartBytes: PART_BYTES })
    for (const size of [0, 1, 65_536, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 3]) {
      const bytes = randomBytes(size)
      for (const [how, body] of [['at once', bytes], ['as a stream', stream(bytes)], ['in odd chunks', stream(bytes, { chunkBytes: 99_991 })]] as const) {
        t.equal((await objects.put('bytes', body, TEXT)).bytes, size)
        t.ok((await read(objects, 'bytes')).equals(bytes), `${size} bytes ${how}`)
        t.match(await objects.info('bytes'), { bytes: size })
      }
    }
    await objects.put('text', Readable.from(['grün', 'e', ' Wiese']), TEXT)
    t.equal((await read(objects, 'text')).toString(), 'grüne Wiese', 'text is UTF-8')
    t.equal(await unfinished(), 0)
  })

  t.test('a key is not a folder', async t => {
    const { objects } = await open(t)
    const keys = ['a', 'a-b', 'a.b', 'a/b', 'a/b/c', 'a/b.c', 'a0', '...', '.a', 'a./b', 'x'.repeat(200), `${'y'.repeat(200)}/${'z'.repeat(200)}`]
    for (const key of keys) await objects.put(key, Buffer.from(key), TEXT)
    for (const key of keys) t.equal((await read(objects, key)).toString(), key)
    t.strictSame((await objects.list('')).objects.map(({ key }) => key), [...keys].sort())
    await objects.delete('a/b')
    await objects.delete('a')
    t.strictSame((await objects.list('')).objects.map(({ key }) => key), keys.filter(key => key !== 'a' && key !== 'a/b').sort(), 'what is below stays')
    t.equal(await objects.get('a/b.'), undefined)
    t.equal(await objects.get('y'.repeat(200)), undefined, 'a beginning is none')
  })

  t.test('a key that cannot be is refused, whatever is to be done with it', async t => {
    const { objects } = await open(t)
    const refused = { code: 'INVALID_REQUEST', message: /No object can have the key/ }
    for (const key of UNFIT_KEYS) {
      const source = stream(Buffer.from('text'))
      await t.rejects(objects.put(key, source, TEXT), refused, JSON.stringify(key.slice(0, 20)))
      t.ok(source.destroyed, 'nobody will read it')
      await t.rejects(objects.get(key), refused)
      await t.rejects(objects.info(key), refused)
      await t.rejects(objects.delete(key), refused)
      await t.rejects(objects.signedUrl(key, { seconds: 60 }), refused)
    }
    for (const prefix of ['/', 'a//', '../', 'a/../', 'a b', '\0', 'x'.repeat(201)]) await t.rejects(objects.list(prefix), { code: 'INVALID_REQUEST', message: /No key can begin with/ }, JSON.stringify(prefix.slice(0, 20)))
    for (const after of ['../a', 'a/', '\n']) await t.rejects(objects.list('', { after }), refused)
    for (const limit of [0, -1, 1.5, 1_001, NaN]) await t.rejects(objects.list('', { limit }), { code: 'INVALID_REQUEST', message: /1 to 1000/ })
    for (const contentType of UNFIT_TYPES) await t.rejects(objects.put('a', Buffer.from('text'), { contentType }), { code: 'INVALID_REQUEST', message: /content type/ }, JSON.stringify(contentType.slice(0, 30)))
    t.strictSame(await objects.list(''), { objects: [], next: undefined }, 'nothing was written')
  })

  t.test('a part of it', async t => {
    const { objects, descriptors } = await open(t)
    const before = await descriptors()
    await objects.put('digits', Buffer.from('0123456789'), TEXT)
    await objects.put('empty', Buffer.alloc(0), TEXT)
    for (const [start, end, text] of [[0, 0, '0'], [0, 9, '0123456789'], [3, 5, '345'], [9, 9, '9'], [5, 9, '56789'], [5, 10, '56789'], [0, Number.MAX_SAFE_INTEGER, '0123456789']] as const) {
      const { body, ...told } = (await objects.get('digits', { start, end }))!
      t.equal((await buffer(body)).toString(), text, `${start} to ${end}`)
      t.match(told, { bytes: 10, contentType: TEXT.contentType }, 'the size is that of the whole')
      t.equal(told.etag, (await objects.info('digits'))!.etag)
    }
    for (const [start, end] of [[10, 10], [10, 20], [5, 4], [-1, 3], [-5, -1], [0.5, 3], [0, 2.5], [NaN, 3], [0, Infinity]] as const) await t.rejects(objects.get('digits', { start, end }), { code: 'RANGE_NOT_SATISFIABLE', statusCode: 416 }, `${start} to ${end}`)
    await t.rejects(objects.get('empty', { start: 0, end: 0 }), { code: 'RANGE_NOT_SATISFIABLE' })
    t.equal((await read(objects, 'empty')).length, 0)
    t.equal(await objects.get('none', { start: 0, end: 0 }), undefined)
    t.ok(await settles(descriptors, before) <= before, 'nothing is held')
  })

  t.test('what is too large is noticed on the way, and leaves nothing', async t => {
    const { objects, unfinished } = await open(t, { maxObjectBytes: 6_000_000, s3PartBytes: PART_BYTES })
    await objects.put('a', Buffer.from('before'), TEXT)
    const tooLarge = { code: 'PAYLOAD_TOO_LARGE', message: /6000000 bytes at most \(MAX_OBJECT_BYTES\)/ }
    await t.rejects(objects.put('a', randomBytes(6_000_001), TEXT), tooLarge)
    await t.rejects(objects.put('new', stream(randomBytes(6_000_001)), TEXT), tooLarge)
    let given = 0
    const endless = new Readable({ read () { given += 65_536; this.push(Buffer.alloc(65_536)) } })
    await t.rejects(objects.put('a', endless, TEXT), tooLarge, 'without end')
    t.ok(endless.destroyed)
    t.ok(given < 8_000_000, `${given} bytes were read`)
    t.equal((await read(objects, 'a')).toString(), 'before')
    t.equal(await objects.info('new'), undefined)
    t.equal(await settles(unfinished, 0), 0)
    t.match(await objects.put('a', stream(randomBytes(6_000_000)), TEXT), { bytes: 6_000_000 }, 'as much as is allowed')
  })

  t.test('a stream that fails changes nothing', async t => {
    const { objects, unfinished } = await open(t, { s3PartBytes: PART_BYTES })
    await objects.put('a', Buffer.from('before'), TEXT)
    for (const size of [0, 100, PART_BYTES * 2 + 100]) {
      await t.rejects(objects.put('a', stream(randomBytes(size), { error: new Error('the sender is gone') }), TEXT), { message: 'the sender is gone' }, `after ${size} bytes`)
      const cut = new Readable({ read () {} })
      cut.push(randomBytes(size + 100))
      const put = objects.put('a', cut, TEXT)
      setTimeout(() => cut.destroy(), 5)
      await t.rejects(put, { code: 'ERR_STREAM_PREMATURE_CLOSE' }, `destroyed, of ${size + 100} bytes`)
    }
    const over = stream(Buffer.from('text'))
    over.destroy()
    await t.rejects(objects.put('a', over, TEXT), { code: 'ERR_STREAM_PREMATURE_CLOSE' }, 'destroyed before')
    t.equal((await read(objects, 'a')).toString(), 'before')
    t.equal((await objects.list('')).objects.length, 1)
    t.equal(await settles(unfinished, 0), 0)
  })

  t.test('who reads while it is replaced gets the one or the other, whole', async t => {
    const { objects } = await open(t)
    const contents = ['a', 'b', 'c'].map(letter => Buffer.alloc(300_000 + letter.charCodeAt(0), letter))
    const etags = new Map<string, Buffer>()
    for (const content of contents) etags.set((await objects.put('a', content, TEXT)).etag, content)
    const over = new AbortController()
    const seen = new Map<string, number>()
    const mixed: string[] = []
    const readers = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) {
        const found = (await objects.get('a'))!
        const content = await buffer(found.body)
        if (etags.get(found.etag)?.equals(content) !== true || found.bytes !== content.length) mixed.push(`${found.etag}: ${content.length} of ${found.bytes} bytes`)
        seen.set(found.etag, (seen.get(found.etag) ?? 0) + 1)
      }
    })
    for (let round = 0; round < 60; round++) await objects.put('a', round % 2 === 0 ? contents[round % 3]! : stream(contents[round % 3]!), TEXT)
    over.abort()
    await Promise.all(readers)
    t.strictSame(mixed, [])
    t.ok(seen.size > 1, `${[...seen.values()].join(', ')} times`)
  })

  t.test('of several puts of one key, one counts', async t => {
    const { objects, unfinished } = await open(t)
    const bodies = Array.from({ length: 20 }, (_, index) => Buffer.alloc(100_000 + index, String.fromCharCode(97 + index)))
    const infos = await Promise.all(bodies.map((body, index) => objects.put('a', index % 2 === 0 ? body : stream(body), { contentType: `text/x-${index}` })))
    const found = (await objects.get('a'))!
    const winner = infos.find(({ etag }) => etag === found.etag)!
    t.ok((await buffer(found.body)).equals(bodies[infos.indexOf(winner)]!))
    t.equal(found.contentType, winner.contentType, 'its content type is that of its content')
    t.strictSame((await objects.list('')).objects.map(({ key }) => key), ['a'])
    t.equal(await unfinished(), 0)
  })

  t.test('lists are in the order of keys, in pages', async t => {
    const { objects } = await open(t)
    const keys = Array.from({ length: 25 }, (_, index) => `videos/${index % 3}/${index}.mp4`)
    for (const key of [...keys, 'video', 'videos', 'other/1']) await objects.put(key, Buffer.from(key), TEXT)
    const { listed, sizes } = await allPages(objects, 'videos/', 10)
    t.strictSame(listed.map(({ key }) => key), [...keys].sort())
    t.strictSame(sizes, [10, 10, 5])
    t.strictSame((await allPages(objects, 'videos/', 25)).sizes, [25], 'a page that is just full is the last one')
    t.strictSame((await allPages(objects, 'videos/1/1', 1)).listed.map(({ key }) => key), ['videos/1/1.mp4', 'videos/1/10.mp4', 'videos/1/13.mp4', 'videos/1/16.mp4', 'videos/1/19.mp4'], 'a prefix may end anywhere')
    const one = listed.find(({ key }) => key === 'videos/0/9.mp4')!
    const { contentType, ...info } = (await objects.info('videos/0/9.mp4'))!
    t.strictSame(one, info)
    t.strictSame((await objects.list('nothing')), { objects: [], next: undefined })
    t.strictSame((await objects.list('videos/', { after: 'videos/2/8.mp4' })).objects, [])
    t.equal((await objects.list('videos/', { after: 'a' })).objects.length, 25)
    t.equal((await objects.list('videos/', { after: 'videos/1/5' })).objects[0]?.key, 'videos/1/7.mp4', 'behind a key that is not there')
    t.strictSame((await objects.list('video')).objects.slice(0, 2).map(({ key }) => key), ['video', 'videos'])
  })

  t.test('any keys are listed as one would sort them', async t => {
    const { objects } = await open(t)
    const part = fc.stringMatching(/^[a-b.-]{1,2}$/).filter(text => text !== '.' && text !== '..')
    const key = fc.array(part, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'))
    await fc.assert(fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 12 }), fc.nat(), fc.nat(4), fc.option(key), fc.integer({ min: 1, max: 5 }), async (keys, index, length, after, limit) => {
      for (const { key } of (await objects.list('')).objects) await objects.delete(key)
      await Promise.all(keys.map(key => objects.put(key, Buffer.from(key), TEXT)))
      const prefix = keys[index % keys.length]!.slice(0, length)
      const expected = keys.filter(key => key.startsWith(prefix)).sort()
      t.strictSame((await allPages(objects, prefix, limit)).listed.map(({ key }) => key), expected)
      const behind = await objects.list(prefix, { limit, ...(after === null ? {} : { after }) })
      t.strictSame(behind.objects.map(({ key }) => key), expected.filter(key => key > (after ?? '')).slice(0, limit))
    }), { numRuns: 40 })
  })

  t.test('a long stream takes little memory, in and out', async t => {
    const { objects } = await open(t, { s3PartBytes: PART_BYTES })
    const hash = createHash('sha256')
    const before = await restingBytes()
    let [peak, done, looked] = [0, 0, 0]
    const look = (more: number) => {
      done += more
      if (done - looked < LOOK_BYTES) return
      looked = done
      peak = Math.max(peak, bytesInUse() - before)
    }
    const chunk = randomBytes(50_000)
    await objects.put('big', Readable.from((async function * () {
      for (let at = 0; at < BIG_BYTES; at += chunk.length) {
        // A new one each time, as from a network.
        const copy = Buffer.from(chunk)
        copy.writeUInt32BE(at)
        hash.update(copy)
        look(copy.length)
        yield copy
      }
    })(), { objectMode: false }), TEXT)
    const putPeak = peak
    await restingBytes()
    peak = 0
    const back = createHash('sha256')
    const { body, bytes } = (await objects.get('big'))!
    for await (const piece of body as AsyncIterable<Buffer>) {
      back.update(piece)
      look(piece.length)
    }
    t.equal(bytes, BIG_BYTES)
    t.equal(back.digest('hex'), hash.digest('hex'))
    t.ok(putPeak < HELD_BYTES, `${putPeak} bytes at most to put ${BIG_BYTES}`)
    t.ok(peak < HELD_BYTES, `${peak} bytes at most to get them`)
    t.comment(`${BIG_BYTES / 1e6} MB: at most ${(putPeak / 1e6).toFixed(1)} MB more in use while they are put, ${(peak / 1e6).toFixed(1)} MB while they are got`)
  })

  t.test('who stops reading leaves nothing', async t => {
    const { objects, descriptors } = await open(t)
    await objects.put('a', randomBytes(3_000_000), TEXT)
    const before = await settles(descriptors, 0)
    for (let round = 0; round < 20; round++) {
      const { body } = (await objects.get('a'))!
      // Some before the first byte, some in the middle.
      if (round % 2 === 0) await once(body, 'readable')
      body.destroy()
      await once(body, 'close')
    }
    t.ok(await settles(descriptors, before) <= before, 'no descriptor is left')
  })

  t.test('closing ends what is under way', async t => {
    const { objects, unfinished, descriptors } = await open(t, { s3PartBytes: PART_BYTES })
    await objects.put('a', randomBytes(3_000_000), TEXT)
    const { body } = (await objects.get('a'))!
    await once(body, 'readable')
    const stalled = new Readable({ read () {} })
    stalled.push(randomBytes(1_000))
    const put = t.rejects(objects.put('b', stalled, TEXT), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
    await setImmediate()
    await objects.close()
    await put
    t.ok(body.destroyed && stalled.destroyed)
    t.equal(await unfinished(), 0)
    t.equal(await settles(descriptors, 0), 0)
    await objects.close()
  })
}
