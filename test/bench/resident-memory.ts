import { readFile } from 'node:fs/promises'

/** Bytes that a process alone has in memory, and those that others could have too by its share, from `smaps_rollup` (Linux). */
export interface ResidentMemory {
  privateBytes: number
  proportionalBytes: number
}

export function readSmapsRollup (text: string): ResidentMemory {
  const bytes = (name: string) => {
    const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text) ?? []
    if (kilobytes === undefined) throw new Error(`smaps_rollup does not say ${name}`)
    return Number(kilobytes) * 1024
  }
  return { privateBytes: bytes('Private_Clean') + bytes('Private_Dirty'), proportionalBytes: bytes('Pss') }
}

export async function residentMemory (pid: number): Promise<ResidentMemory> {
  return readSmapsRollup(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'))
}
