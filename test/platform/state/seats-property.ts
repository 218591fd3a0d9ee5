import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import type { Test } from 'tap'
import type { Presence, Seat, SeatOffer } from '../../../src/platform/state/state.ts'
import { SeatsModel, type Coming } from './seats-model.ts'

/** What is tried: a register, and its clock if that can be set. */
export interface Subject {
  presence: Pick<Presence, 'join' | 'touch' | 'leave' | 'takeSeat' | 'seatOf' | 'closeIfEmpty' | 'counts' | 'stay' | 'clear'> & { members: (place: string) => Promise<Array<{ member: string }>> }
  clock?: { set: (now: number) => void, sweep: () => void }
}

type Question =
  | { do: 'takeSeat', pool: string, member: string, offers: SeatOffer[], coming: Coming }
  | { do: 'join', place: string, member: string, coming: Coming }
  | { do: 'touch' | 'leave', place: string, member: string }
  | { do: 'closeIfEmpty' | 'clear', place: string }
type Step = Question | { do: 'wait', ms: number } | { do: 'sweep' }

/** What both the subject and the model are asked; the subject answers later. */
interface Asked {
  takeSeat: (pool: string, member: string, offers: SeatOffer[], coming: Coming) => unknown
  join: (place: string, member: string, coming: Coming) => unknown
  touch: (place: string, member: string) => unknown
  leave: (place: string, member: string) => unknown
  closeIfEmpty: (place: string) => unknown
  clear: (place: string) => unknown
}

const POOLS: Record<string, string[]> = { x: ['a', 'b', 'c'], y: ['d', 'e'] }
const PLACES = Object.values(POOLS).flat()
const MEMBERS = ['1', '2', '3', '4', '5']
export const STAYS_MS = 1_000
const TIMEOUTS_MS = [50, 100]

const place = fc.constantFrom(...PLACES)
const member = fc.constantFrom(...MEMBERS)

function stepsFor (isTimed: boolean): fc.Arbitrary<Step[]> {
  const coming = fc.record({ timeoutMs: isTimed ? fc.constantFrom(...TIMEOUTS_MS) : fc.constant(600_000), keepsStay: fc.boolean() })
  const takeSeat = fc.constantFrom(...Object.keys(POOLS)).chain(pool => fc.record({
    do: fc.constant('takeSeat' as const),
    pool: fc.constant(pool),
    member,
    offers: fc.shuffledSubarray(POOLS[pool]!).chain(places => fc.tuple(...places.map(place => fc.record({ place: fc.constant(place), seats: fc.integer({ min: 0, max: 5 }) })))),
    coming
  }))
  return fc.array(fc.oneof(
    { weight: 8, arbitrary: takeSeat },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), place, member, coming }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('touch' as const, 'leave' as const), place, member }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('closeIfEmpty' as const, 'clear' as const), place }) },
    { weight: isTimed ? 5 : 0, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 49, 50, 99, 100, 500, STAYS_MS) }) },
    { weight: isTimed ? 2 : 0, arbitrary: fc.constant({ do: 'sweep' as const }) }
  ), { minLength: 30, maxLength: 60, size: 'max' })
}

/** Names that no other run has. */
function inRun (run: string, question: Question): Question {
  if (question.do !== 'takeSeat') return { ...question, place: run + question.place }
  return { ...question, pool: run + question.pool, offers: question.offers.map(({ place, seats }) => ({ place: run + place, seats })) }
}

function ask (asked: Asked, question: Question): unknown {
  switch (question.do) {
    case 'takeSeat': return asked.takeSeat(question.pool, question.member, question.offers, question.coming)
    case 'join': return asked.join(question.place, question.member, question.coming)
    case 'touch':
    case 'leave': return asked[question.do](question.place, question.member)
    case 'closeIfEmpty':
    case 'clear': return asked[question.do](question.place)
  }
}

function outcome (question: Question, answer: unknown, hadSeat: boolean): string {
  if (question.do !== 'takeSeat') return `${question.do}: ${String(answer)}`
  const seat = answer as Seat | undefined
  if (seat === undefined) return 'no room'
  return seat.isNew ? hadSeat ? 'moves' : 'new seats' : 'kept'
}

const OUTCOMES = [
  'no room', 'kept', 'new seats', 'moves', 'join: true', 'join: false', 'touch: true', 'touch: false', 'leave: true', 'leave: false',
  'closeIfEmpty: true', 'closeIfEmpty: false', 'clear: undefined', 'stays that last', 'stays that ended'
]

/**
 * Steps in any order do to the subject what they do to the model. With a clock that can be set times are compared too.
 * @param begin called for each run; several servers that know the same are asked in turn
 */
export async function seatsProperty (t: Test, { runs, isTimed = false, begin }: { runs: number, isTimed?: boolean, begin: () => Subject[] }): Promise<void> {
  const tried = new Map<string, number>()
  const count = (what: string) => tried.set(what, (tried.get(what) ?? 0) + 1)
  let number = 0
  await fc.assert(fc.asyncProperty(stepsFor(isTimed), async steps => {
    const servers = begin()
    const model = new SeatsModel(STAYS_MS)
    const run = `${number++}:`
    const places = PLACES.map(place => run + place)
    for (const [turn, step] of steps.entries()) {
      const { presence, clock } = servers[turn % servers.length]!
      const { presence: other } = servers[(turn + 1) % servers.length]!
      if (step.do === 'wait') {
        model.now += step.ms
        clock?.set(model.now)
      } else if (step.do === 'sweep') {
        model.sweep()
        clock?.sweep()
      } else {
        const question = inRun(run, step)
        const hadSeat = question.do === 'takeSeat' && model.seatOf(question.pool, question.member) !== undefined
        const answer = await ask(presence, question)
        same(answer, ask(model, question), step)
        count(outcome(question, answer, hadSeat))
      }
      same(await other.counts(places), places.map(place => model.count(place)), step)
      const pools = Object.keys(POOLS).map(pool => run + pool)
      const place = places[turn % places.length]!
      await Promise.all([
        ...places.map(async place => same((await other.members(place)).map(({ member }) => member).sort(), model.members(place), step)),
        ...MEMBERS.flatMap(member => pools.map(async pool => same(await other.seatOf(pool, member), model.seatOf(pool, member), step))),
        ...MEMBERS.map(async member => {
          const stay = await other.stay(place, member)
          const modelled = model.stay(place, member)
          if (stay !== undefined) count(stay.isThere ? 'stays that last' : 'stays that ended')
          same(isTimed ? stay : stay?.isThere, isTimed ? modelled : modelled?.isThere, step)
        })
      ])
    }
  }), { numRuns: runs })
  t.comment(`${number} runs: ${[...tried].sort().map(([what, times]) => `${what} ${times}`).join(', ')}`)
  t.same(OUTCOMES.filter(what => !tried.has(what)), [], 'all that can happen happened')
}

function same (is: unknown, expected: unknown, step: Step): void {
  if (!isDeepStrictEqual(is, expected)) throw new Error(`${JSON.stringify(step)}: it is ${JSON.stringify(is)}, not ${JSON.stringify(expected)}`)
}
