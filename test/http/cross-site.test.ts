import t from 'tap'
import { isCrossSite } from '../../src/http/cross-site.ts'

const ask = (headers: Record<string, string>, method = 'POST', host = 'live.example.com') => isCrossSite({ method, headers, host }, ['https://friend.example'])

t.test('what a browser says decides', async t => {
  t.equal(ask({}), false, 'no browser')
  t.equal(ask({ origin: 'https://live.example.com' }), false)
  t.equal(ask({ origin: 'http://live.example.com' }), false, 'a proxy may speak TLS for the server')
  t.equal(ask({ origin: 'https://live.example.com' }, 'POST', 'LIVE.example.com'), false)
  t.equal(ask({ origin: 'https://live.example.com:8443' }, 'POST', 'live.example.com:8443'), false)
  t.equal(ask({ origin: 'https://friend.example', 'sec-fetch-site': 'cross-site' }), false, 'an origin that may')
  t.equal(ask({ 'sec-fetch-site': 'same-origin' }), false)
  t.equal(ask({ 'sec-fetch-site': 'none' }), false, 'a person typed it')
  for (const origin of ['https://evil.example', 'null', '', 'https://live.example.com:8443', 'https://live.example.com.evil.example', 'https://evil.example/live.example.com', 'https://friend.example.evil', 'http://friend.example']) t.equal(ask({ origin }), true, origin)
  t.equal(ask({ 'sec-fetch-site': 'cross-site' }), true)
})

t.test('what changes nothing may come from anywhere', async t => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) t.equal(ask({ origin: 'https://evil.example' }, method), false)
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) t.equal(ask({ origin: 'https://evil.example' }, method), true)
})
