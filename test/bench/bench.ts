import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tool } from '../../scripts/provide/plan.ts'
import { record, type Recording, type RecordingKind } from './load/recording.ts'
import type { Row } from './table.ts'
import { RECORDING_SECONDS, type Work } from './work.ts'

export interface BenchOptions {
  works: readonly Work[]
  rounds: number
  short: boolean
  /** Paths of programs. */
  tools: ReadonlyMap<Tool, string>
  note: (text: string) => void
}

/** Measures one work after the other, so many rounds each. */
export async function bench ({ works, rounds, short, tools, note }: BenchOptions): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-bench-'))
  const recordings = new Map<RecordingKind, Promise<Recording>>()
  const recording = (kind: RecordingKind) => {
    const made = recordings.get(kind) ?? record(kind, RECORDING_SECONDS, folder)
    recordings.set(kind, made)
    return made
  }
  try {
    const rows: Row[] = []
    for (const { id, lines, open } of works) {
      const ownFolder = join(folder, id)
      await mkdir(ownFolder)
      const work = await open({ folder: ownFolder, short, tools, recording, note })
      const own: Row[] = lines.map(line => ({ line, values: [] }))
      try {
        for (let round = 1; round <= rounds; round++) {
          const values = await work.measure()
          for (const row of own) row.values.push(valueOf(values, row.line.id))
          note(`${id}, round ${round}: ${own.map(({ line, values }) => `${line.id} ${line.format(values.at(-1)!)}`).join(', ')}`)
        }
      } finally {
        await work.close()
        await rm(ownFolder, { recursive: true, force: true })
      }
      rows.push(...own)
    }
    return rows
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function valueOf (values: Record<string, number>, id: string): number {
  const value = values[id]
  if (value === undefined || Number.isNaN(value)) throw new Error(`"${id}" was not measured`)
  return value
}
