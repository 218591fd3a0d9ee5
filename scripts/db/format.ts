/**
 * A dump is a text of JSON lines:
 *
 *     {"headwater":"0.1.0","format":1,"engine":"pglite","features":[{"feature":"accounts","migrations":["<hash>"]}]}
 *     {"table":"public.accounts","columns":["id","name"]}
 *     ["1","Ada"]                         a row of the table above: each value as PostgreSQL writes it as text, or null
 *     {"sequence":"public.accounts_id_seq","value":"1","called":true}
 *     {"end":true,"rows":1}               without this line it is not whole
 *
 * Names are quoted where SQL needs it.
 */
export const FORMAT = 1

export interface Header {
  /** Version of the Headwater that wrote it. */
  headwater: string
  format: number
  engine: string
  /** In the order in which they came to the database. */
  features: DumpedFeature[]
}

export interface DumpedFeature {
  feature: string
  /** Hashes of the migrations that were done, oldest first. */
  migrations: string[]
}

export type Section =
  | { table: string, columns: string[] }
  | { sequence: string, value: string, called: boolean }
  | { end: true, rows: number }

/** What came of it. */
export interface Counts {
  tables: number
  rows: number
}

/** A dump that cannot be restored here; the message says why, and what to do. */
export class DumpRefused extends Error {
  override readonly name = 'DumpRefused'
}

/** @throws DumpRefused when it is none, or of another format */
export function readHeader (line: string | undefined): Header {
  const header = parse(line ?? '') as Partial<Header> | undefined
  if (typeof header?.headwater !== 'string' || !Array.isArray(header.features)) throw new DumpRefused('The file is no dump of Headwater')
  if (header.format !== FORMAT) throw new DumpRefused(`The dump was written by Headwater ${header.headwater} in a format (${header.format}) that this Headwater does not know (it knows ${FORMAT})`)
  return header as Header
}

/** Rows are told by their first character, and go to the database as they are. */
export function isRow (line: string): boolean {
  return line.startsWith('[')
}

/** @throws DumpRefused */
export function readSection (line: string): Section {
  const section = parse(line) as Partial<Record<'table' | 'sequence' | 'end', unknown>> | undefined
  if (section === undefined || !['table', 'sequence', 'end'].some(kind => kind in section)) throw new DumpRefused(`The dump is damaged: ${line.slice(0, 80)}`)
  return section as Section
}

function parse (line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
