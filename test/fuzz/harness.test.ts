import { readdir } from 'node:fs/promises'
import fc from 'fast-check'
import t from 'tap'
import { keptInputs } from './corpus.ts'
import { readInput, writeInput } from './input-text.ts'
import { inputOfCase, runTarget } from './run-target.ts'
import { withoutSetup, type FuzzTarget } from './target.ts'
import { TARGETS } from './targets.ts'

/** Borrows the name of a target, and so its kept inputs; these are not what is looked at here. */
const ID = 'chunk-sequence'

function target (check: (input: unknown) => void, over: Partial<FuzzTarget<unknown>> = {}): FuzzTarget<unknown> {
  return { id: ID, inputs: fc.nat(1_000), open: withoutSetup(check), ...over }
}

t.test('a case that fails is told, shrunk, with a seed that finds it again', async t => {
  const failing = target(input => { if (typeof input === 'number' && input >= 10) throw new Error(`${input} is too much`) })
  const { crashes: [crash] } = await runTarget(failing, { cases: 100, seed: 5 })
  t.match(crash, { kept: undefined, seed: 5, error: /10 is too much/, input: '10' })
  const { crashes: [again] } = await runTarget(failing, { cases: 100, seed: crash!.seed })
  t.equal(again?.input, '10')
})

t.test('a kept input that fails is told by its name', async t => {
  const { crashes, cases } = await runTarget(target(input => { if (typeof input === 'object') throw new Error('an object') }), { cases: 10, seed: 1 })
  const kept = await keptInputs(ID)
  t.ok(kept.length > 0)
  t.strictSame(crashes.map(({ kept }) => kept), kept.map(({ name }) => name))
  t.equal(cases, kept.length + 10)
})

t.test('memory that is kept, and what goes wrong at the end, count', async t => {
  const kept: Buffer[] = []
  const { crashes } = await runTarget(target(() => { kept.push(Buffer.alloc(20_000)) }), { cases: 3_000, seed: 1 })
  t.match(crashes, [{ error: /memory in use grew/ }])
  const atTheEnd = await runTarget(target(() => {}, { open: async () => ({ check: () => {}, close: async () => { throw new Error('left something') } }) }), { cases: 1, seed: 1 })
  t.match(atTheEnd.crashes, [{ error: /left something/ }])
})

t.test('the input of a case can be had by its number', async t => {
  const seen: unknown[] = []
  await runTarget(target(input => { seen.push(input) }), { cases: 1_500, seed: 3 })
  for (const index of [0, 2, 700, 1_400]) t.equal(await inputOfCase(target(() => {}), 3, index), writeInput(seen[index]))
})

t.test('inputs are kept as text and read back', async t => {
  const input = { bytes: Buffer.from('bytes'), numbers: [NaN, Infinity, -Infinity, -0, 1], list: [undefined, null, { a: 'text' }] }
  t.strictSame(readInput(writeInput(input)), input)
})

t.test('every target has kept inputs, and every folder of them a target', async t => {
  const ids = TARGETS.map(({ id }) => id)
  t.strictSame((await readdir(new URL('corpus', import.meta.url))).sort(), [...ids].sort())
  for (const id of ids) t.ok((await keptInputs(id)).length > 0, id)
})
