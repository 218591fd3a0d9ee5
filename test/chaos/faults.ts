import type { Fault } from './fault.ts'

const MODULES = {
  'ffmpeg-killed': () => import('./faults/ffmpeg-killed.ts'),
  'ffmpeg-stopped': () => import('./faults/ffmpeg-stopped.ts'),
  'socket-cut': () => import('./faults/socket-cut.ts'),
  'chunk-faults': () => import('./faults/chunk-faults.ts'),
  'server-killed': () => import('./faults/server-killed.ts'),
  'disk-full': () => import('./faults/disk-full.ts'),
  'start-stop': () => import('./faults/start-stop.ts'),
  clock: () => import('./faults/clock.ts'),
  'slow-viewers': () => import('./faults/slow-viewers.ts')
}

/** All rows, in the order of the table. */
export const FAULT_IDS = Object.keys(MODULES) as Array<keyof typeof MODULES>

/** Loads one row. @throws Error when there is none of this name */
export async function loadFault (id: string): Promise<Fault> {
  if (!Object.hasOwn(MODULES, id)) throw new Error(`There is no fault "${id}"; there are: ${FAULT_IDS.join(', ')}`)
  return (await MODULES[id as keyof typeof MODULES]()).fault
}
