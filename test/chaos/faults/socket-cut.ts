import { setTimeout as delay } from 'node:timers/promises'
import { broadcastWhile, type BroadcastOutcome } from '../broadcasts.ts'
import type { Broadcaster } from '../client.ts'
import type { Chaos, Fault, FaultResult, Form } from '../fault.ts'
import { Proxy } from '../proxy.ts'
import type { Random } from '../random.ts'
import { startServerProcess, type ServerProcess } from '../server-process.ts'
import { source, SOURCE_RATE, type SourceKind } from '../source.ts'

const STREAMS_AT_ONCE: Record<Form, number> = { short: 10, long: 28 }
const LONGEST_OUTAGE_MS: Record<Form, number> = { short: 3_000, long: 20_000 }
const SECONDS: Record<Form, number> = { short: 14, long: 70 }
/** Between two cuts of a stream; the connection may not be used again by then. */
const LONGEST_GAP_MS = 2_000
/** No cut in the last part of the recording: there has to be something to cut. */
const CALM_END_MS = 2_000
/** A cut in mid-chunk comes within so many bytes to the server: one or two chunks. */
const MOST_BYTES = 12_000
const MOST_BYTES_MS = 2_000
/** Of a connection that has gone silent, both ends know after this. */
const PING_MS = 1_000
const SILENCE_NOTICED_MS = 2 * PING_MS + 500
const TRANSCODED_EVERY = 10

interface Counts {
  cuts: number
  midChunk: number
  silent: number
  reconnects: number
  longestMs: number
  pictures: number
}

async function inject ({ random, folder, form }: Chaos, runs: number): Promise<FaultResult> {
  const server = await startServerProcess({
    folder,
    env: { PING_INTERVAL_MS: String(PING_MS), PING_TIMEOUT_MS: String(PING_MS), TRANSCODE_FRAME_RATE: String(SOURCE_RATE), TRANSCODE_PRESET: 'ultrafast' }
  })
  const counts: Counts = { cuts: 0, midChunk: 0, silent: 0, reconnects: 0, longestMs: 0, pictures: 0 }
  const failures: string[] = []
  try {
    let broadcasts = 0
    await Promise.all(Array.from({ length: STREAMS_AT_ONCE[form] }, async () => {
      // How many cuts a broadcast takes depends on how long they last.
      while (counts.cuts < runs && failures.length === 0) {
        const index = broadcasts++
        const outcome = await broadcastOnce(server, `cut-${index}`, random.fork(index), index, form, runs, counts)
        failures.push(...outcome.failures)
        counts.reconnects += outcome.broadcaster.reconnects
        counts.pictures += outcome.output?.pictures ?? 0
      }
    }))
  } finally {
    await server.stop()
  }
  const { cuts, midChunk, silent, reconnects, longestMs, pictures } = counts
  return {
    runs: cuts,
    measured: `${pictures} pictures, each once; ${midChunk} of the cuts in mid-chunk, ${silent} without a word; outages up to ${(longestMs / 1000).toFixed(1)} s; ${reconnects} reconnects`,
    failures
  }
}

async function broadcastOnce (server: ServerProcess, streamKey: string, random: Random, index: number, form: Form, runs: number, counts: Counts): Promise<BroadcastOutcome> {
  const kind: SourceKind = index % TRANSCODED_EVERY === TRANSCODED_EVERY - 1 ? 'vp8-webm' : random.pick(['h264-matroska', 'h264-mp4'] as const)
  const recording = await source(kind, SECONDS[form])
  const proxy = await Proxy.open(server.port)
  try {
    await delay(random.between(0, 1_000))
    return await broadcastWhile({
      url: proxy.url,
      serverUrl: server.url,
      streamKey,
      source: recording,
      breakThings: async broadcaster => {
        const until = performance.now() + recording.seconds * 1000 - CALM_END_MS
        for (;;) {
          await delay(random.between(0, LONGEST_GAP_MS))
          if (performance.now() > until || counts.cuts >= runs) return
          counts.cuts++
          await outage(proxy, broadcaster, random, LONGEST_OUTAGE_MS[form], counts)
        }
      }
    })
  } finally {
    await proxy.close()
  }
}

/** One outage, and until the client is back. */
async function outage (proxy: Proxy, broadcaster: Broadcaster, random: Random, longestMs: number, counts: Counts): Promise<void> {
  const how = random.pick(['cut', 'mid-chunk', 'mid-chunk', 'silence'] as const)
  let outageMs = random.between(0, longestMs)
  let cut: number
  if (how === 'silence') {
    outageMs = Math.max(outageMs, SILENCE_NOTICED_MS)
    counts.silent++
    proxy.refuse()
    cut = proxy.silence()
  } else {
    if (how === 'mid-chunk') counts.midChunk++
    cut = how === 'cut' ? proxy.cut() : await proxy.cutAfter(random.integer(1, MOST_BYTES), MOST_BYTES_MS)
    proxy.refuse()
  }
  if (cut === 0) throw new Error('there was no connection to cut')
  counts.longestMs = Math.max(counts.longestMs, outageMs)
  await delay(outageMs)
  proxy.accept()
  if (how === 'silence') proxy.speak()
  await broadcaster.resumed()
}

export const fault: Fault = {
  id: 'socket-cut',
  name: 'socket cut, also in mid-chunk, 0 to 20 s',
  goal: '0 chunks lost, 0 twice; media and discontinuity sequence never go back',
  runs: { short: 40, long: 1_000 },
  inject
}
