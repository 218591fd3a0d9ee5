import fc from 'fast-check'
import t from 'tap'
import { PlaybackUrls } from '../../src/livestream/playback-urls.ts'
import { signatureFault, signPlayback } from '../../src/livestream/playback-signature.ts'

const KEY = 'a playback key of thirty-two characters or more'
const OTHER = 'another playback key, of thirty-two or more'
const EXPIRES = new Date('2030-01-02T03:04:05.678Z')
const BEFORE = EXPIRES.getTime() - 60_000

const queryOf = (text: string): Record<string, unknown> => Object.fromEntries(new URLSearchParams(text))
const faultOf = (streamKey: string, text: string, { keys = [KEY], now = BEFORE } = {}) => signatureFault(streamKey, queryOf(text), keys, now)

t.test('what is signed is good for its stream, until it expires', async t => {
  const query = signPlayback('show', { key: KEY, expiresAt: EXPIRES })
  t.match(query, /^expires=1893553445&signature=[\w-]{43}$/)
  t.equal(faultOf('show', query), undefined)
  t.equal(faultOf('show', query, { now: 1893553445_000 - 1 }), undefined)
  t.equal(faultOf('show', query, { now: 1893553445_000 }), 'expired')
  t.equal(faultOf('other', query), 'wrong')
})

t.test('as openssl makes it (docs/hooks.md)', async t => {
  t.equal(signPlayback('show', { key: KEY, expiresAt: EXPIRES }), 'expires=1893553445&signature=fA3t-23IoQomzjSo-xuZs5LzhkKpXm1xgXAIuOpxHTo')
})

t.test('every key is good, the first one signs: keys can be changed without a break', async t => {
  const byOld = signPlayback('show', { key: KEY, expiresAt: EXPIRES })
  t.equal(faultOf('show', byOld, { keys: [OTHER, KEY] }), undefined)
  t.equal(faultOf('show', byOld, { keys: [OTHER] }), 'wrong')
  const urls = new PlaybackUrls({ path: '/livestream', keys: [OTHER, KEY], seconds: 60 })
  t.equal(urls.signed('show', { expiresAt: EXPIRES }), `/livestream/show/stream.m3u8?${signPlayback('show', { key: OTHER, expiresAt: EXPIRES })}`)
  t.equal(urls.signed('show', { playlist: 'live.m3u8', expiresAt: EXPIRES }), `/livestream/show/live.m3u8?${signPlayback('show', { key: OTHER, expiresAt: EXPIRES })}`)
  const { expires } = queryOf(urls.signed('show').split('?')[1]!)
  t.ok(Math.abs(Number(expires) - Date.now() / 1000 - 60) <= 2, 'for so long by default')
  t.equal(new PlaybackUrls({ path: '/livestream', keys: [], seconds: 60 }).signed('show'), '/livestream/show/stream.m3u8', 'without keys nothing is signed')
})

t.test('what is missing, and what was changed', async t => {
  const query = signPlayback('show', { key: KEY, expiresAt: EXPIRES })
  const [expires, signature] = query.split('&') as [string, string]
  for (const text of ['', expires, signature, 't=1']) t.equal(faultOf('show', text), 'missing', text)
  const changed = [
    query.replace('1893553445', '1893553446'), query.replace('1893553445', '01893553445'), query.replace('1893553445', ''), query.replace('1893553445', 'NaN'), query.replace('1893553445', '1e12'),
    query.replace('1893553445', '-1'), query.slice(0, -1), `${query}A`, `${query}=`, `${expires}&signature=`, `${expires}&signature=${'A'.repeat(43)}`, `${query}%00`
  ]
  for (const text of changed) t.equal(faultOf('show', text), 'wrong', text)
  t.equal(signatureFault('show', { expires: ['1893553445', '1893553445'], signature: queryOf(query)['signature'] }, [KEY], BEFORE), 'wrong', 'twice')
  t.equal(faultOf('show', query, { keys: [] }), 'wrong', 'no key is no key that fits')
})

t.test('a signature fits nothing but what was signed', async () => {
  const key = fc.stringMatching(/^[a-zA-Z0-9][\w.-]{0,20}$/)
  fc.assert(fc.property(key, key, fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 0, max: 4e9 }), (one, other, at, otherAt) => {
    const query = queryOf(signPlayback(one, { key: KEY, expiresAt: new Date(at * 1000) }))
    const fits = signatureFault(other, { ...query, expires: String(otherAt) }, [KEY], 0)
    return (fits !== 'wrong') === (one === other && at === otherAt)
  }))
})

t.test('a date that is none is not signed', async t => {
  for (const expiresAt of [new Date(NaN), new Date(-1_000)]) t.throws(() => signPlayback('show', { key: KEY, expiresAt }), RangeError)
})
