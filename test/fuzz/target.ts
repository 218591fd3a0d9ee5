import type fc from 'fast-check'

/** Something that takes input from outside, and what has to hold whatever the input is. */
export interface FuzzTarget<Input> {
  /** Also the name of its folder in the corpus. */
  readonly id: string
  /** Of the cases that are asked for, one in so many is run: what starts processes or writes files is slow. */
  readonly oneIn?: number
  /** A case may take so long; by default as long as small inputs may. */
  readonly slowestMs?: number
  /** Pure: the same seed gives the same inputs. */
  readonly inputs: fc.Arbitrary<Input>
  /** Makes what all cases share. */
  open (): Promise<OpenTarget<Input>>
}

export interface OpenTarget<Input> {
  /** Throws where something does not hold that has to. */
  check (input: Input): void | Promise<void>
  /** Gives back what `open` made; throws where the cases together broke something. */
  close (): Promise<void>
}

/** A target whose cases share nothing. */
export function withoutSetup<Input> (check: (input: Input) => void | Promise<void>): () => Promise<OpenTarget<Input>> {
  return async () => ({ check, close: async () => {} })
}

/** @throws Error with `what` unless `holds` */
export function must (holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new Error(typeof what === 'string' ? what : what())
}
