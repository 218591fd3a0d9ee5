// The live core alone in a server of somebody else's: says what it answered, and ends by itself when all is closed.
import Fastify from 'fastify'
import { livestream } from 'headwater/livestream'

const app = Fastify()
app.get('/', async () => 'mine')
await app.register(livestream, { streamsDir: 'streams', maxStreams: 10, prefix: '/live' })
const url = await app.listen({ host: '127.0.0.1', port: 0 })
const own = await fetch(url)
const active = await fetch(`${url}/live/livestream/active`)
const socket = await fetch(`${url}/live/socket.io/?EIO=4&transport=polling`)
console.log(JSON.stringify({ own: await own.text(), active: active.status, body: await active.json(), socket: socket.status }))
await app.close()
