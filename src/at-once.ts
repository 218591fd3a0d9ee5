/** A list in portions of so many, in its order. */
export function portions<T> (all: readonly T[], atOnce: number): Array<readonly T[]> {
  return Array.from({ length: Math.ceil(all.length / atOnce) }, (_, index) => all.slice(index * atOnce, (index + 1) * atOnce))
}

/** Does something with all of them in their order, so many at once: those that follow wait for all of these. @throws what the first threw that failed */
export async function inTurns<T> (all: readonly T[], atOnce: number, work: (one: T) => Promise<unknown>): Promise<void> {
  for (const some of portions(all, atOnce)) await Promise.all(some.map(work))
}
