import type { Test } from 'tap'
import { broadcast, type BroadcastOptions } from '../../scripts/broadcaster/broadcast.ts'

/** A small broadcast in real time, for as long as the test lasts. */
export async function goOnAir (t: Pick<Test, 'teardown'>, url: string, streamKey: string, options: Partial<BroadcastOptions> = {}): Promise<void> {
  const stop = new AbortController()
  let over: Promise<unknown> = Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    over = broadcast({ url, streamKey, userId: 'sender', source: { kind: 'generated' }, width: 320, height: 180, frameRate: 15, videoKbps: 200, signal: stop.signal, onStarted: () => resolve(), ...options })
    over.catch(reject)
  })
  t.teardown(async () => {
    stop.abort()
    await over
  })
}
