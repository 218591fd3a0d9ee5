/** The load's own process: whoever is measured does not wait for it, nor it for them. Spoken to over IPC, see load.ts. */
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Broadcast } from './broadcast.ts'
import { firstPlaylistMs } from './first-playlist.ts'
import type { Answer, Request } from './load.ts'
import { inChunks } from './recording.ts'

let broadcasts: Broadcast[] = []

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
  }
}

process.on('message', (request: Request & { id: number }) => {
  answer(request).then(
    result => process.send?.({ id: request.id, result }),
    (error: Error) => process.send?.({ id: request.id, complaint: error.message }))
})
// The end of the parent is the end of the load.
process.on('disconnect', () => process.exit(0))
