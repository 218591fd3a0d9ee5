import type { Work } from './work.ts'

const WORKS: Record<string, () => Promise<Work>> = {
  delivery: async () => (await import('./works/delivery.ts')).delivery,
  live: async () => (await import('./works/live.ts')).live,
  start: async () => (await import('./works/start.ts')).start,
  transcode: async () => (await import('./works/transcode.ts')).transcode,
  overload: async () => (await import('./works/overload.ts')).overload
}

export const WORK_IDS = Object.keys(WORKS)

/** @throws Error on an unknown id */
export async function loadWork (id: string): Promise<Work> {
  const load = WORKS[id]
  if (load === undefined) throw new Error(`There is no work "${id}"; there are ${WORK_IDS.join(', ')}`)
  return await load()
}
