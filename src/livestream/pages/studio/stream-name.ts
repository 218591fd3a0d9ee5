const KINDS = ['quiet', 'clear', 'swift', 'bright', 'calm', 'wide', 'deep', 'green', 'silver', 'early']
const WATERS = ['river', 'brook', 'spring', 'lake', 'delta', 'fjord', 'creek', 'tide', 'rapids', 'source']

/** A name for a stream that can be said over the telephone: `quiet-river-482`. @param random 0 to 1, as Math.random */
export function newStreamName (random: () => number = Math.random): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)]!
  return `${pick(KINDS)}-${pick(WATERS)}-${100 + Math.floor(random() * 900)}`
}
