import t from 'tap'
import { publicAddress, webSocketAddress } from '../../src/http/public-address.ts'

const asking = { protocol: 'http', host: '192.0.2.1:5050' } as const

t.test('what stands before a path of this server', async t => {
  for (const [base, address] of [
    ['', 'http://192.0.2.1:5050'],
    ['/media', 'http://192.0.2.1:5050/media'],
    ['https://live.example.org', 'https://live.example.org'],
    ['https://live.example.org/media', 'https://live.example.org/media']
  ] as const) t.equal(publicAddress(asking, base), address)
  t.equal(publicAddress({ ...asking, protocol: 'https' }, ''), 'https://192.0.2.1:5050')
})

t.test('the same for WebSockets', async t => {
  t.equal(webSocketAddress(asking, ''), 'ws://192.0.2.1:5050')
  t.equal(webSocketAddress({ ...asking, protocol: 'https' }, '/media'), 'wss://192.0.2.1:5050/media')
  t.equal(webSocketAddress(asking, 'https://live.example.org'), 'wss://live.example.org')
})
