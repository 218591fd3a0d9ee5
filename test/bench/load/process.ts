/** The load's own process: whoever is measured does not wait for it, nor it for them. Spoken to over IPC, see load.ts. */
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Audience } from './audience.ts'
import { Broadcast } from './broadcast.ts'
import { firstPlaylistMs } from './first-playlist.ts'
import { Followers } from './followers.ts'
import type { Answer, Request } from './load.ts'
import { inChunks } from './recording.ts'

let broadcasts: Broadcast[] = []
let audience: Audience | undefined
const followers = new Followers()

async function answer (request: Request): Promise<Answer> {
  switch (request.do) {
    case 'broadcast': {
      const { url, names, path, chunkMs, everyMs } = request
      const chunks = inChunks(await readFile(path), chunkMs)
      broadcasts = names.map(name => new Broadcast({ url, name, chunks, chunkMs }))
      await Promise.all(broadcasts.map(async (broadcast, index) => {
        await delay(index * everyMs)
        await broadcast.start()
      }))
      return {}
    }
    case 'report':
      return { reports: broadcasts.map(({ report }) => report) }
    case 'end':
      await Promise.all(broadcasts.map(broadcast => broadcast.end()))
      broadcasts = []
      return {}
    case 'first-playlists': {
      const { url, names, path, chunkMs, everyMs } = request
      const chunks = inChunks(await readFile(path), chunkMs)
      const times = names.map(async (name, index) => {
        await delay(index * everyMs)
        return await firstPlaylistMs({ url, name, chunks, chunkMs })
      })
      return { milliseconds: await Promise.all(times) }
    }
    case 'seat':
      audience?.close()
      audience = new Audience(request)
      await audience.takeSeats()
      return {}
    case 'beat':
      return { asked: await seated().beat(request) }
    case 'refresh-tokens':
      return { asked: await seated().refresh(request.forMs) }
    case 'connect':
      await followers.connect(request.url, request.clients)
      return {}
    case 'subscribe':
      await followers.subscribe()
      return {}
    case 'deliveries':
      return { deliveries: followers.deliveries() }
  }
}

function seated (): Audience {
  if (audience === undefined) throw new Error('Nobody has a seat')
  return audience
}

process.on('message', (request: Request & { id: number }) => {
  answer(request).then(
    result => process.send?.({ id: request.id, result }),
    (error: Error) => process.send?.({ id: request.id, complaint: error.message }))
})
// The end of the parent is the end of the load.
process.on('disconnect', () => process.exit(0))
