import type { Work } from './work.ts'

/** Works of a benchmark, by what they are called on its command line. */
export type Works = Record<string, () => Promise<Work>>

export const CORE_WORKS: Works = {
  delivery: async () => (await import('./works/delivery.ts')).delivery,
  live: async () => (await import('./works/live.ts')).live,
  start: async () => (await import('./works/start.ts')).start,
  transcode: async () => (await import('./works/transcode.ts')).transcode,
  overload: async () => (await import('./works/overload.ts')).overload
}

export const ACCOUNTS_WORKS: Works = {
  embedded: async () => (await import('./works/accounts.ts')).embedded,
  postgresql: async () => (await import('./works/accounts.ts')).postgresql
}

export const IVS_WORKS: Works = {
  heartbeats: async () => (await import('./works/heartbeats.ts')).embedded,
  'heartbeats-postgresql': async () => (await import('./works/heartbeats.ts')).postgresql,
  'heartbeats-redis': async () => (await import('./works/heartbeats.ts')).redis,
  'heartbeats-batched': async () => (await import('./works/heartbeats.ts')).batched,
  'heartbeats-batched-postgresql': async () => (await import('./works/heartbeats.ts')).batchedPostgresql,
  'heartbeats-batched-redis': async () => (await import('./works/heartbeats.ts')).batchedRedis,
  followers: async () => (await import('./works/live-statistics.ts')).liveStatistics,
  tokens: async () => (await import('./works/stage-tokens.ts')).stageTokens
}

export const VIEWERS_WORKS: Works = {
  latency: async () => (await import('./works/latency.ts')).latency
}

/** @throws Error on an unknown id */
export async function loadWork (works: Works, id: string): Promise<Work> {
  const load = works[id]
  if (load === undefined) throw new Error(`There is no work "${id}"; there are ${Object.keys(works).join(', ')}`)
  return await load()
}
