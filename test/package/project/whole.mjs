// The whole server, with its pages, below a prefix: says what it answered, and ends by itself when all is closed.
import Fastify from 'fastify'
import { headwater } from 'headwater'

const app = Fastify()
await app.register(headwater, { livestream: { streamsDir: 'streams' }, prefix: '/tv' })
const url = await app.listen({ host: '127.0.0.1', port: 0 })
const page = await fetch(`${url}/tv/studio`)
const html = await page.text()
const script = await fetch(new URL(/src="(?<script>[^"]+\.js)"/.exec(html).groups.script, page.url))
const active = await fetch(`${url}/tv/livestream/active`)
console.log(JSON.stringify({ page: page.status, type: page.headers.get('content-type'), script: script.status, active: active.status }))
await app.close()
