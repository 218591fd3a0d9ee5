import type { Random } from './random.ts'

/** How long the suite runs: `short` on every change, `long` for the figures of a release. */
export type Form = 'short' | 'long'

/** What a fault has at hand. */
export interface Chaos {
  /** The seed that was asked for; printed, so that a run can be done again. */
  seed: number
  form: Form
  /** This fault's own random numbers: the same for one seed, whatever else runs. */
  random: Random
  /** A temporary folder of this fault alone; removed afterwards. */
  folder: string
  /** Says something about the run, beside the table. */
  note: (text: string) => void
}

export interface FaultResult {
  /** How often the fault was really injected. */
  runs: number
  /** The figures, in one line. */
  measured: string
  /** Everything that did not go as promised; empty: passed. */
  failures: string[]
  /** Goals of time that were missed. A short run on a busy machine says nothing about them: they count in the long form alone. */
  late?: string[]
  /** Why it could not be run here. It then does not count as passed. */
  notRun?: string
}

/** One row of the table: something that breaks, and what has to hold all the same. */
export interface Fault {
  id: string
  name: string
  goal: string
  runs: Record<Form, number>
  /** Injects the fault so many times into running streams, and checks what was published. */
  inject: (chaos: Chaos, runs: number) => Promise<FaultResult>
}
