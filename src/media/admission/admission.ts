import { HeadwaterError } from '../../errors/catalogue.ts'
import { RunLimit } from '../../run-limit.ts'
import type { CostSettings, StreamCost, StreamKind } from './cost.ts'
import { usableCores } from './usable-cores.ts'

export interface AdmissionSettings extends CostSettings {
  cpuBudget: number
  startingStreams: number
}

export interface AdmissionOptions {
  settings: AdmissionSettings
  /** A stream does not fit. */
  onRefused: () => void
  /** A running stream takes more than is left. */
  onOvercommitted: () => void
}

/** What streams may take of the processor, and what they take. */
export interface CpuReport {
  budgetCores: number
  reservedCores: number
  /** FFmpeg processes that wait for their turn to start. */
  startsWaiting: number
}

/** Of what the process may use; the rest is for the server itself, its viewers, and peaks. */
const AUTOMATIC_SHARE = 0.85
/** Somebody else's stream has to end first; nobody knows when. */
export const RETRY_AFTER_MS = 10_000
/** Sums of decimal fractions are a little beside what they should be. */
const ROUNDING_CORES = 1e-9

/** The processor's share of each stream, all of them against one budget; and their turns to start FFmpeg. */
export class Admission {
  /** FFmpeg processes in their start-up. */
  readonly starts: RunLimit
  readonly #options: AdmissionOptions
  readonly #reserved = new Map<Reservation, StreamCost>()
  #budgetCores: number

  constructor (options: AdmissionOptions) {
    this.#options = options
    this.#budgetCores = options.settings.cpuBudget
    this.starts = new RunLimit(options.settings.startingStreams)
  }

  /** Settles the budget, where it is automatic. */
  async open (): Promise<void> {
    if (this.#options.settings.cpuBudget === 0) this.#budgetCores = await usableCores() * AUTOMATIC_SHARE
  }

  get report (): CpuReport {
    return { budgetCores: this.#budgetCores, reservedCores: sum(this.#reserved.values()), startsWaiting: this.starts.waiting }
  }

  reservedBy (kind: StreamKind): number {
    return sum([...this.#reserved.values()].filter(cost => cost.kind === kind))
  }

  /** Why a stream of which nothing is known yet need not try: not even the cheapest would fit. */
  get refusal (): string | undefined {
    if (this.#fits(this.#options.settings.copyCost)) return undefined
    return `Streams take all of the server's CPU budget (${this.#describeFree()}). Try again later`
  }

  /** @param held what a stream that an earlier server left has already: it is not refused any more */
  reservation (held?: StreamCost): Reservation {
    return new Reservation({
      reserve: (reservation, cost, isRunning) => this.#reserve(reservation, cost, isRunning),
      release: reservation => { this.#reserved.delete(reservation) }
    }, held)
  }

  #reserve (reservation: Reservation, cost: StreamCost, isRunning: boolean): boolean {
    const more = cost.cores - (this.#reserved.get(reservation)?.cores ?? 0)
    const fits = this.#fits(more)
    if (!isRunning && !fits) {
      this.#options.onRefused()
      throw new HeadwaterError('SERVER_BUSY', { message: this.#refusalOf(cost), retryAfterMs: RETRY_AFTER_MS })
    }
    this.#reserved.set(reservation, cost)
    const overcommits = more > 0 && !fits
    if (overcommits) this.#options.onOvercommitted()
    return overcommits
  }

  #fits (cores: number): boolean {
    const { budgetCores, reservedCores } = this.report
    return reservedCores + cores <= budgetCores + ROUNDING_CORES
  }

  #refusalOf ({ kind, cores }: StreamCost): string {
    const needs = `This stream needs ${inCores(cores)} CPU cores`
    switch (kind) {
      case 'copy': return `${needs}, the server has too little left (${this.#describeFree()}). Try again later`
      case 'audio-transcode': return `${needs}, because its sound has to be transcoded; the server has too little left (${this.#describeFree()}). Record AAC, which is copied, or try again later`
      case 'video-transcode': return `${needs}, because its video has to be transcoded; the server has too little left (${this.#describeFree()}). Record H.264, which is copied, or try again later`
    }
  }

  #describeFree (): string {
    const { budgetCores, reservedCores } = this.report
    return `${inCores(Math.max(0, budgetCores - reservedCores))} of ${inCores(budgetCores)} are free`
  }
}

interface Ledger {
  reserve: (reservation: Reservation, cost: StreamCost, isRunning: boolean) => boolean
  release: (reservation: Reservation) => void
}

/** One stream's share: refused at first or never. It is kept until it is released, over all that happens to FFmpeg. */
export class Reservation {
  readonly #ledger: Ledger
  #cost: StreamCost | undefined
  #isRunning: boolean
  #isReleased = false

  constructor (ledger: Ledger, held: StreamCost | undefined) {
    this.#ledger = ledger
    this.#isRunning = held !== undefined
    if (held !== undefined) this.reserve(held)
  }

  /** Undefined before it is known, and when it is released. */
  get cost (): StreamCost | undefined { return this.#cost }

  /**
   * Takes so much, in place of what it had. A running stream gets it in any case: to end it would lose media.
   * @returns whether this promises more than there is
   * @throws HeadwaterError `SERVER_BUSY` when it is the first and does not fit
   */
  reserve (cost: StreamCost): boolean {
    if (this.#isReleased) return false
    const overcommits = this.#ledger.reserve(this, cost, this.#isRunning)
    this.#isRunning = true
    this.#cost = cost
    return overcommits
  }

  /** Nothing is taken by it any more. */
  release (): void {
    this.#isReleased = true
    this.#cost = undefined
    this.#ledger.release(this)
  }
}

function sum (costs: Iterable<StreamCost>): number {
  return [...costs].reduce((all, { cores }) => all + cores, 0)
}

function inCores (cores: number): string {
  return cores.toFixed(2)
}
