import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import type { Test } from 'tap'
import type { AccountsServer } from '../../fixtures/accounts-server.ts'
import { expectAnswer, form } from './expect.ts'

const TIMED = 25
/** Of the medians; the hash is most of it. */
const SAME_TIME = 1.6

function median (values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

/** Some characters would end a line of the report. */
const asAscii = (text: string) => JSON.stringify(text).replace(/[^ -~]/g, character => `\\u${character.charCodeAt(0).toString(16)}`)

const base64 = (value: object | string) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** What attackers try, each by itself. @param secret what access tokens are signed with */
export async function securitySuite (t: Test, server: AccountsServer, secret: string): Promise<void> {
  const { ask } = server
  const post = async (path: string, body?: object, headers: Record<string, string> = {}) => await ask('POST', path, { headers, ...(body === undefined ? {} : { body }) })
  const profile = async (token: string) => await ask('GET', '/api/v1/users/profile', { headers: { authorization: `Bearer ${token}` } })
  const admin = await server.logInAdmin()

  await t.test('an unknown user takes as long as a wrong password', async t => {
    await server.logIn('timed')
    const times: Record<string, number[]> = { timed: [], 'not-there': [] }
    for (let count = 0; count < TIMED; count++) {
      for (const username of ['timed', 'not-there']) {
        const from = performance.now()
        await post('/api/v1/auth/login', { username, password: 'wrong-password' })
        times[username]!.push(performance.now() - from)
      }
    }
    const [known, unknown] = [median(times.timed!), median(times['not-there']!)]
    t.comment(`median of ${TIMED}: wrong password ${known.toFixed(1)} ms, unknown user ${unknown.toFixed(1)} ms`)
    t.ok(Math.max(known, unknown) / Math.min(known, unknown) < SAME_TIME, 'nobody learns by the time who is registered')
  })

  await t.test('a refresh token that is used twice ends its session, and no other', async t => {
    const stolen = await server.logIn('victim')
    const elsewhere = await server.logIn('victim')
    const refresh = async (token: string) => await post('/api/v1/auth/refresh', { refresh_token: token })
    const thief = expectAnswer(t, await refresh(stolen.refreshToken), 200, 200, 'the thief is first')
    expectAnswer(t, await profile(thief.token), 200, 200, 'and is in')
    expectAnswer(t, await refresh(stolen.refreshToken), 401, 401, 'the owner comes')
    expectAnswer(t, await profile(thief.token), 401, 401, 'the thief is out')
    expectAnswer(t, await refresh(thief.refresh_token), 401, 401, 'for good')
    expectAnswer(t, await profile(stolen.token), 401, 401, 'the owner too')
    expectAnswer(t, await profile(elsewhere.token), 200, 200, 'the other session goes on')
    const many = await server.logIn('victim')
    const answers = await Promise.all(Array.from({ length: 6 }, async () => await refresh(many.refreshToken)))
    t.ok(answers.filter(({ status }) => status === 200).length <= 1, 'of several at once one at most gets through')
    expectAnswer(t, await profile(many.token), 401, 401, 'and the session is over')
  })

  await t.test('tokens that somebody else made are not taken', async t => {
    const { token, userId } = await server.logIn('forger')
    const [header, claims, signature] = token.split('.') as [string, string, string]
    const payload = JSON.parse(Buffer.from(claims, 'base64url').toString())
    const now = Math.floor(Date.now() / 1000)
    const hmac = (head: object, body: object, key: string | Buffer = secret, hash = 'sha256') => {
      const text = `${base64(head)}.${base64(body)}`
      return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`
    }
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const rsa = (() => {
      const text = `${base64({ alg: 'RS256', typ: 'JWT' })}.${base64(payload)}`
      return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`
    })()
    const HS256 = { alg: 'HS256', typ: 'JWT' }
    expectAnswer(t, await profile(hmac(HS256, payload)), 200, 200, 'made with the secret (the test makes them rightly)')
    const FORGED: Record<string, string> = {
      'alg none, no signature': `${base64({ alg: 'none', typ: 'JWT' })}.${claims}.`,
      'alg None': `${base64({ alg: 'None' })}.${claims}.`,
      'alg none, the signature of HS256': `${base64({ alg: 'none' })}.${claims}.${signature}`,
      'no signature': `${header}.${claims}.`,
      RS256: rsa,
      'HS256 with a public key': hmac(HS256, payload, publicKey.export({ type: 'spki', format: 'pem' }) as string),
      'HS512 with the secret': hmac({ alg: 'HS512', typ: 'JWT' }, payload, secret, 'sha512'),
      'HS384 with the secret': hmac({ alg: 'HS384', typ: 'JWT' }, payload, secret, 'sha384'),
      'the header says HS512, it is HS256': hmac({ alg: 'HS512' }, payload),
      'another secret': hmac(HS256, payload, 'x'.repeat(48)),
      'an empty secret': hmac(HS256, payload, ''),
      'a key in the header': hmac({ ...HS256, jwk: { kty: 'oct', k: base64('x'.repeat(48)) } }, payload, 'x'.repeat(48)),
      'a file as the key': hmac({ ...HS256, kid: '/dev/null' }, payload, ''),
      'a claim changed': `${header}.${base64({ ...payload, sub: '1', user_id: 1 })}.${signature}`,
      'the role changed': `${header}.${base64({ ...payload, role: 'admin' })}.${signature}`,
      'another type': hmac(HS256, { ...payload, typ: 'refresh' }),
      'no type': hmac(HS256, { ...payload, typ: undefined }),
      'no end': hmac(HS256, { ...payload, exp: undefined }),
      'no session': hmac(HS256, { ...payload, sid: undefined }),
      'of somebody else in this session': hmac(HS256, { ...payload, sub: '1' }),
      'no number as the user': hmac(HS256, { ...payload, sub: '1 OR 1=1' }),
      'cut short': token.slice(0, -1),
      'a byte changed': `${token.slice(0, -2)}${token.at(-2) === 'A' ? 'B' : 'A'}${token.at(-1)}`
    }
    for (const [about, forged] of Object.entries(FORGED)) expectAnswer(t, await profile(forged), 401, 401, about)
    expectAnswer(t, await profile(hmac(HS256, { ...payload, iat: now - 100, exp: now - 1 })), 401, 1005, 'expired')
    expectAnswer(t, await profile(hmac(HS256, { ...payload, role: 'admin' })), 200, 200, 'a role in a token')
    expectAnswer(t, await ask('GET', '/api/v1/admin/users', { headers: { authorization: `Bearer ${hmac(HS256, { ...payload, role: 'admin' })}` } }), 403, 403, 'counts nothing: the database decides')
    t.ok(userId > 1)
  })

  await t.test('nobody gives themselves a role, an id or a status', async t => {
    const extra = { role: 'admin', status: 'banned', user_id: 1, id: 1, is_admin: true, password_hash: 'x', passwordHash: 'x', created_at: '2000-01-01T00:00:00Z', usernameKey: 'root', __proto__: { role: 'admin' }, constructor: { prototype: { role: 'admin' } } }
    const registered = expectAnswer(t, await post('/api/v1/auth/register', { username: 'climber', email: 'climber@example.com', password: 'a-password', ...extra }), 201, 201, 'registered')
    t.match(registered, { role: 'user', status: 'active' })
    t.ok(registered.user_id > 1)
    const { auth, userId } = await server.logIn('climber')
    const raw = '{"nickname":"Climber","__proto__":{"role":"admin"},"role":"admin","username":"root2","status":"deleted"}'
    expectAnswer(t, await ask('PUT', '/api/v1/users/profile', { headers: { ...auth, 'content-type': 'application/json' }, body: raw }), 200, 200, 'changed')
    expectAnswer(t, await ask('PUT', '/api/v1/users/profile', { headers: auth, body: { ...extra, nickname: 'Climber' } }), 200, 200, 'changed')
    t.match((await profile(auth.authorization.slice(7))).json.data, { user_id: userId, username: 'climber', role: 'user', status: 'active', nickname: 'Climber' })
    expectAnswer(t, await ask('GET', '/api/v1/admin/users', { headers: auth }), 403, 403, 'still a user')
    expectAnswer(t, await ask('PUT', `/api/v1/admin/users/${userId}`, { headers: admin.auth, body: { username: 'other', user_id: 1, password: 'x', nickname: 'By root' } }), 200, 200, 'administrators neither')
    t.match((await profile(auth.authorization.slice(7))).json.data, { user_id: userId, username: 'climber', nickname: 'By root' })
  })

  await t.test('no text field is SQL, a header or a pattern', async t => {
    const total = async () => (await ask('GET', '/api/v1/admin/users', { headers: admin.auth })).json.data.total
    const TEXTS = ["'; DROP TABLE users; --", "' OR '1'='1", '" OR ""="', "\\'; SELECT pg_sleep(5); --", "admin'/*", '$1', '$$; $$', '%', '_', '{{7*7}}', '<script>alert(1)</script>', 'a\r\nX-Injected: 1', 'a\nSet-Cookie: x=1', 'a\u0000b', '\ud800', '\u2028', '../../etc/passwd', '=1+1', '\u202eevil']
    const injected: string[] = []
    let number = 0
    for (const text of TEXTS) {
      const before = await total()
      number++
      const email = `injection${number}@example.com`
      const answers = [
        await post('/api/v1/auth/register', { username: text.padEnd(3, '.'), email, password: text.padEnd(6, '.'), nickname: text }),
        await post('/api/v1/auth/register', { username: `injection-${number}`, email: `${text}@example.com`, password: '123456' }),
        await post('/api/v1/auth/login', { username: text, password: text }),
        await post('/api/v1/auth/login', { email: text, password: text }),
        await post('/api/v1/auth/refresh', { refresh_token: text }),
        await post('/api/v1/auth/logout', { refresh_token: text }),
        await post('/api/v1/auth/forgot-password', { email: text }),
        await post('/api/v1/auth/reset-password', { token: text, new_password: text.padEnd(6, '.') }),
        await ask('PUT', '/api/v1/users/profile', { headers: admin.auth, body: { nickname: text } }),
        await ask('PUT', '/api/v1/users/profile', { headers: admin.auth, body: { avatar_url: `https://example.com/${text}` } }),
        await ask('PUT', '/api/v1/users/profile', { headers: admin.auth, body: { email: text } }),
        await ask('GET', `/api/v1/admin/users?keyword=${encodeURIComponent(text.replace(/[\ud800-\udfff]/g, '?'))}`, { headers: admin.auth }),
        await post(`/api/v1/admin/users/${admin.userId + 1}/unban`, { reason: text }, admin.auth),
        await ask('GET', '/api/v1/users/profile', { headers: { cookie: `auth_token=${encodeURIComponent(text.replace(/[\ud800-\udfff]/g, '?'))}` } })
      ]
      for (const answer of answers) {
        t.ok(answer.status < 500, `${asAscii(text)}: ${answer.status} ${answer.status >= 500 ? answer.text : ''}`)
        t.equal(answer.headers['x-injected'], undefined)
        if (answer.headers['set-cookie']?.some(cookie => cookie.startsWith('x=')) === true) injected.push(text)
      }
      const registered = answers.slice(0, 2).filter(({ status }) => status === 201).length
      t.equal(await total(), before + registered, 'the table is as it should be')
    }
    t.strictSame(injected, [])
    await ask('PUT', '/api/v1/users/profile', { headers: admin.auth, body: { nickname: 'root', avatar_url: '' } })
  })

  await t.test('pictures that are bombs or something else', async t => {
    const { auth } = await server.logIn('painter')
    const upload = async (bytes: Uint8Array, file = {}) => {
      const { headers, body } = form('avatar', bytes, file)
      return await ask('POST', '/api/v1/users/upload-avatar', { headers: { ...auth, ...headers }, body })
    }
    const good = await sharp({ create: { width: 30, height: 30, channels: 3, background: '#20a040' } }).png().toBuffer()
    const BAD: Record<string, Uint8Array> = {
      'a PNG that says 60,000 x 60,000': pngOf(60_000, 60_000),
      'a PNG of 6,000 x 6,000 in 40 kB': await sharp({ create: { width: 6_000, height: 6_000, channels: 3, background: '#000' } }).png({ compressionLevel: 9 }).toBuffer(),
      'a GIF of many frames': await animatedGif(1_000, 100, 300),
      'a GIF that says 65,535 x 65,535': Buffer.concat([Buffer.from('GIF89a'), Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0]), Buffer.from([0x2c, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 2, 2, 0x44, 1, 0, 0x3b])]),
      'SVG that calls itself a PNG': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><image href="file:///etc/passwd"/></svg>'),
      'HTML with the first bytes of a GIF': Buffer.from('GIF89a/*<script>alert(1)</script>*/=1'),
      'the first bytes of a PNG alone': good.subarray(0, 24),
      'a PNG cut in half': good.subarray(0, Math.floor(good.length / 2)),
      'a PNG with broken data': Buffer.concat([good.subarray(0, 45), Buffer.alloc(20, 7), good.subarray(65)]),
      'a JPEG that is a text': Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from('just text')]),
      'a WebP that is a WAV': Buffer.from('RIFF\x24\x00\x00\x00WAVEfmt '),
      TIFF: await sharp(good).tiff().toBuffer(),
      AVIF: await sharp(good).avif().toBuffer(),
      PDF: Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj'),
      ZIP: Buffer.from('PK\x03\x04aaaaaaaaaaaaaaaaaaaa'),
      nothing: Buffer.alloc(0)
    }
    const before = process.memoryUsage().rss
    for (const [about, bytes] of Object.entries(BAD)) {
      const from = performance.now()
      expectAnswer(t, await upload(bytes), 400, 3001, about)
      t.ok(performance.now() - from < 5_000, `${about}: soon`)
    }
    t.comment(`memory: ${Math.round((process.memoryUsage().rss - before) / 1e6)} MB more after ${Object.keys(BAD).length} bad pictures`)

    const withSecrets = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#20a040' } })
      .withExif({ IFD0: { Copyright: 'secret-of-the-camera', ImageDescription: 'where I live' } }).jpeg().toBuffer()
    t.ok(withSecrets.includes('secret-of-the-camera'))
    const polyglot = Buffer.concat([good, Buffer.from('<script>alert(1)</script>PK\x03\x04')])
    for (const [about, bytes, file] of [['metadata', withSecrets, { name: 'a.jpg', type: 'image/jpeg' }], ['something behind it', polyglot, {}], ['another name and type', good, { name: '../../x.html\u0000.svg', type: 'text/html' }]] as const) {
      const { avatar_url: address } = expectAnswer(t, await upload(bytes, file), 200, 200, about)
      const { bytes: picture, headers } = await ask('GET', address)
      t.equal(headers['content-type'], 'image/webp')
      t.notMatch(picture.toString('latin1'), /secret-of-the-camera|where I live|script|EXIF/, `${about}: the pixels alone are kept`)
      t.notOk((await sharp(picture).metadata()).exif)
      t.match(address, /^\/api\/v1\/avatars\/[0-9a-f-]+\.webp$/)
    }
  })

  await t.test('what is kept of passwords and tokens does not log anybody in', async t => {
    const one = await server.logIn('stored', 'plain-password')
    const { reset_token: reset } = (await post('/api/v1/auth/forgot-password', { email: 'stored@example.com' })).json.data
    const digest = (text: string) => createHash('sha256').update(text).digest('hex')
    expectAnswer(t, await post('/api/v1/auth/refresh', { refresh_token: digest(one.refreshToken) }), 401, 401, 'the hash of a refresh token')
    expectAnswer(t, await post('/api/v1/auth/reset-password', { token: digest(reset), new_password: '123456' }), 400, 400, 'the hash of a reset token')
  })
}

/** A PNG that says how large it is, and has next to nothing in it. */
function pngOf (width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const sizes = Buffer.alloc(8)
    sizes.writeUInt32BE(data.length, 0)
    sizes.writeUInt32BE(crc32(body), 4)
    return Buffer.concat([sizes.subarray(0, 4), body, sizes.subarray(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(1_000))), chunk('IEND', Buffer.alloc(0))])
}

/** An animation: each frame is small, all of them together are not. */
async function animatedGif (width: number, height: number, frames: number): Promise<Buffer> {
  const size = width * height
  // Frames that are the same would become one.
  const pixels = Buffer.alloc(size * frames)
  for (let frame = 0; frame < frames; frame++) pixels.fill(frame % 2 === 0 ? 0 : 255, frame * size, (frame + 1) * size)
  return await sharp(pixels, { raw: { width, height: height * frames, channels: 1, pageHeight: height }, limitInputPixels: false }).gif().toBuffer()
}
