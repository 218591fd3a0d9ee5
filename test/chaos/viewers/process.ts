/** The viewers' own process: whoever measures does not wait for itself. Spoken to over IPC, see viewers.ts. */
import { HlsViewer, type Sample } from './hls-viewer.ts'
import { SlowReader } from './slow-reader.ts'
import type { Report, Request } from './viewers.ts'

const viewers = new Map<string, HlsViewer>()
const slow = new Map<string, SlowReader>()
let samples: Sample[] = []

async function answer (request: Request): Promise<Report | undefined> {
  switch (request.do) {
    case 'watch':
      for (const { name, url, bytesPerSecond } of request.viewers) {
        if (bytesPerSecond === undefined) viewers.set(name, new HlsViewer({ name, url, onSample: sample => samples.push(sample) }))
        else slow.set(name, new SlowReader(url, bytesPerSecond))
      }
      return undefined
    case 'leave':
      await Promise.all(request.names.map(async name => {
        await viewers.get(name)?.leave()
        await slow.get(name)?.leave()
        viewers.delete(name)
        slow.delete(name)
      }))
      return undefined
    case 'report': {
      const taken = samples
      samples = []
      return { samples: taken, watched: [...viewers.values()].map(({ watched }) => watched), slow: [...slow.values()].map(({ state }) => state) }
    }
  }
}

process.on('message', (request: Request & { id: number }) => {
  void answer(request).then(report => process.send?.({ id: request.id, report }))
})
// The end of the parent is the end of the viewers.
process.on('disconnect', () => process.exit(0))
