/** Lines of a text that comes in pieces, each as soon as it is whole; no more than one is held. */
export async function * readLines (pieces: AsyncIterable<string>): AsyncGenerator<string, undefined> {
  let line: string[] = []
  for await (const piece of pieces) {
    const [rest = '', ...starts] = piece.split('\n')
    line.push(rest)
    for (const start of starts) {
      yield line.join('')
      line = [start]
    }
  }
  const last = line.join('')
  if (last !== '') yield last
}
