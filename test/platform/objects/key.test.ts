import { join, normalize, resolve } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { fileOfKey } from '../../../src/platform/objects/disk-keys.ts'
import { checkKey, isKey, isKeyPrefix } from '../../../src/platform/objects/key.ts'

const ROOT = '/data/objects/files'

const part = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/).filter(text => text !== '.' && text !== '..')
const key = fc.array(part, { minLength: 1, maxLength: 5 }).map(parts => parts.join('/'))
/** Text that somebody might try, and text that nobody would. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.array(fc.constantFrom('a', 'B', '.', '..', '/', '//', '\\', '\0', '\n', ' ', '+', '%2e', '~', 'ä', '-', '_'), { maxLength: 12 }).map(pieces => pieces.join('')),
  fc.tuple(key, fc.string({ minLength: 1, maxLength: 2 }), key).map(pieces => pieces.join(''))
)

t.test('keys of the alphabet are keys, and so are their beginnings prefixes', async t => {
  const seen = new Set<string>()
  fc.assert(fc.property(key, fc.nat(), (key, length) => {
    seen.add(key)
    return isKey(key) && isKeyPrefix(key) && isKeyPrefix(key.slice(0, length % (key.length + 1)))
  }), { numRuns: 2_000 })
  t.ok(seen.size > 1_000, `${seen.size} different keys`)
})

t.test('whatever is a key stays in its folder, and needs no escape anywhere', async t => {
  let keys = 0
  fc.assert(fc.property(text, text => {
    if (!isKey(text)) return
    keys++
    const path = join(ROOT, fileOfKey(text))
    if (path !== `${ROOT}/${text}+` || !resolve(path).startsWith(`${ROOT}/`) || normalize(path) !== path) throw new Error(`it leads to ${path}`)
    if (encodeURI(text) !== text || JSON.stringify(text) !== `"${text}"` || !/^[\x21-\x7e]{1,512}$/.test(text)) throw new Error('it needs an escape')
  }), { numRuns: 20_000 })
  t.ok(keys > 1_000, `${keys} of them were keys`)
})

t.test('no two keys are one file, and no file of one is a folder of the other', async t => {
  let pairs = 0
  fc.assert(fc.property(key, key, (one, other) => {
    if (one !== other) pairs++
    const [file, otherFile] = [fileOfKey(one), fileOfKey(other)]
    if ((file === otherFile) !== (one === other) || otherFile.startsWith(`${file}/`)) throw new Error(`${file} and ${otherFile}`)
  }), { numRuns: 5_000, examples: [['a', 'a/b'], ['a', 'a/a'], ['a-', 'a'], ['a', 'a']] })
  t.ok(pairs > 4_000, `${pairs} pairs of two keys`)
})

t.test('limits, to the character', async t => {
  t.ok(isKey('x'.repeat(200)))
  t.notOk(isKey('x'.repeat(201)))
  const longest = `${'x'.repeat(200)}/${'y'.repeat(200)}/${'z'.repeat(110)}`
  t.equal(longest.length, 512)
  t.ok(isKey(longest) && isKeyPrefix(longest))
  t.notOk(isKey(`${longest}z`) || isKeyPrefix(`${longest}z`))
  t.throws(() => checkKey(`${longest}z`), { code: 'INVALID_REQUEST', message: /200 characters each and 512 together/ })
  t.throws(() => checkKey('a\r\nb\u001b[2J'), { message: /"a\\r\\nb\\u001b\[2J"/ }, 'what it says is escaped')
})
