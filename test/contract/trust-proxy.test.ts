import { createServer, request, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { io } from 'socket.io-client'
import { http } from '../fixtures/http.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'
import { Transcript } from '../fixtures/transcript.ts'

/** A reverse proxy that says for whom it speaks; the header `x-client` plays the address of the client. @returns its URL */
async function proxyTo (t: Test, server: TestServer): Promise<string> {
  const target = new URL(server.url)
  const forwarded = ({ headers }: IncomingMessage) => ({ ...headers, 'x-forwarded-for': [headers['x-forwarded-for'], headers['x-client']].filter(one => one !== undefined).join(', ') })
  const proxy = createServer((asked, answer) => {
    asked.pipe(request({ host: target.hostname, port: target.port, path: asked.url, method: asked.method, headers: forwarded(asked), agent: false }, answered => {
      answer.writeHead(answered.statusCode!, answered.headers)
      answered.pipe(answer)
    }).on('error', () => answer.destroy()))
  })
  proxy.on('upgrade', (asked, socket, head) => {
    const upstream = connect(Number(target.port), target.hostname, () => {
      const lines = Object.entries(forwarded(asked)).map(([name, value]) => `${name}: ${String(value)}`)
      upstream.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      upstream.write(head)
      socket.pipe(upstream).pipe(socket)
    })
    for (const [one, other] of [[socket, upstream], [upstream, socket]] as const) one.on('error', () => other.destroy()).on('close', () => other.destroy())
  })
  await new Promise<void>(resolve => { proxy.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => new Promise(resolve => {
    proxy.close(resolve)
    proxy.closeAllConnections()
  }))
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
}

/** Whether a connection is taken. */
async function connects (t: Test, url: string, transport: string, headers: Record<string, string>): Promise<boolean> {
  const socket = io(url, { transports: [transport], forceNew: true, reconnection: false, extraHeaders: headers })
  t.teardown(() => { socket.disconnect() })
  const heard = new Transcript(socket)
  return await Promise.race([heard.next('connect').then(() => true), heard.next('connect_error').then(() => false)])
}

for (const trustProxy of ['127.0.0.1/32', '1']) {
  t.test(`behind a proxy, TRUST_PROXY=${trustProxy}: each client has limits of its own`, async t => {
    const server = await startServer(t, { standalone: true, server: { trustProxy }, options: { maxConnectionsPerMinute: 2, statusRequestsPerMinute: 2 } })
    const url = await proxyTo(t, server)

    t.test('HTTP', async t => {
      const statusFor = async (headers: Record<string, string>) => (await http({ url }, '/livestream/show/status', { headers })).status
      for (const client of ['1.1.1.1', '2.2.2.2']) {
        t.strictSame([await statusFor({ 'x-client': client }), await statusFor({ 'x-client': client }), await statusFor({ 'x-client': client })], [200, 200, 429], client)
      }
      t.equal(await statusFor({ 'x-client': '1.1.1.1', 'x-forwarded-for': '3.3.3.3' }), 429, 'what a client itself claims does not count')
    })

    for (const [index, transport] of ['websocket', 'polling'].entries()) {
      t.test(`Socket.IO (${transport})`, async t => {
        for (const client of [`1.1.1.${index}`, `2.2.2.${index}`]) {
          const taken: boolean[] = []
          for (let count = 0; count < 3; count++) taken.push(await connects(t, url, transport, { 'x-client': client }))
          t.strictSame(taken, [true, true, false], client)
        }
        t.equal(await connects(t, url, transport, { 'x-client': `1.1.1.${index}`, 'x-forwarded-for': '3.3.3.3' }), false, 'what a client itself claims does not count')
      })
    }
  })
}

t.test('a hook of the host hears of the client, not of the proxy', async t => {
  const addresses: string[] = []
  const authorizePublish = ({ address }: { address: string }) => addresses.push(address) < 0
  const server = await startServer(t, { standalone: true, server: { trustProxy: '1' }, options: { authorizePublish } })
  const url = await proxyTo(t, server)
  const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false, extraHeaders: { 'x-client': '1.1.1.1' } })
  t.teardown(() => { socket.disconnect() })
  t.match(await socket.emitWithAck('start-stream', { streamKey: 'show', userId: 'me' }), { code: 'UNAUTHORIZED' })
  await http({ url }, '/livestream/show/start', { method: 'POST', headers: { 'x-client': '2.2.2.2' }, body: { action: 'start', timestamp: 1 } })
  t.strictSame(addresses, ['1.1.1.1', '2.2.2.2'])
})

t.test('without TRUST_PROXY a header changes nothing', async t => {
  const server = await startServer(t, { standalone: true, options: { maxConnectionsPerMinute: 2, statusRequestsPerMinute: 2 } })
  const statuses: number[] = []
  const taken: boolean[] = []
  for (const client of ['1.1.1.1', '2.2.2.2', '3.3.3.3']) {
    const headers = { 'x-forwarded-for': client }
    statuses.push((await http(server, '/livestream/show/status', { headers })).status)
    taken.push(await connects(t, server.url, 'websocket', headers))
  }
  t.strictSame(statuses, [200, 200, 429])
  t.strictSame(taken, [true, true, false])
})

t.test('a setting that makes no sense keeps the server from starting', async t => {
  await t.rejects(startServer(t, { standalone: true, server: { trustProxy: 'everybody' } }), { code: 'CONFIG_INVALID', message: /TRUST_PROXY/ })
})
