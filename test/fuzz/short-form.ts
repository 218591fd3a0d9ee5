import type { Test } from 'tap'
import { runTarget } from './run-target.ts'
import type { FuzzTarget } from './target.ts'

const CASES = 1_000
/** The same inputs in every run; `tsx scripts/fuzz.ts` looks for new ones. */
const SEED = 20_240_101

/** The kept inputs and a thousand others. */
export async function shortForm (t: Test, targets: ReadonlyArray<FuzzTarget<unknown>>): Promise<void> {
  for (const target of targets) {
    await t.test(target.id, async t => {
      const { crashes, cases } = await runTarget(target, { cases: CASES, seed: SEED })
      for (const { kept, seed, error, input } of crashes) t.fail(`${kept ?? `seed ${seed}`}: ${error}\n${input}`)
      t.ok(cases >= CASES / (target.oneIn ?? 1), `${cases} cases`)
    })
  }
}
