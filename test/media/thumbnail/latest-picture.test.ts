import t from 'tap'
import { LatestPicture, type Picture } from '../../../src/media/thumbnail/latest-picture.ts'

const INTERVAL_MS = 10_000

/** A picture, a clock that a test sets, and what was looked at. */
class Made {
  nowMs = 5
  looks = 0
  readonly formers: Array<number | undefined> = []
  readonly latest = new LatestPicture(INTERVAL_MS, () => this.nowMs)

  async ask () {
    return await this.latest.get(async former => {
      this.looks++
      this.formers.push(former?.sequence)
      return pictureOf(this.looks)
    })
  }

  async askInVain (message: string) {
    return await this.latest.get(async () => {
      this.looks++
      throw new Error(message)
    })
  }
}

function pictureOf (sequence: number): Picture {
  return { jpeg: Buffer.of(sequence), digest: String(sequence), sequence }
}

t.test('looked at when somebody asks, and then not again for the interval', async t => {
  const made = new Made()
  t.equal(made.looks, 0)
  t.strictSame(await made.ask(), { picture: pictureOf(1), freshMs: INTERVAL_MS })
  made.nowMs += INTERVAL_MS - 1
  t.strictSame(await made.ask(), { picture: pictureOf(1), freshMs: 1 })
  made.nowMs += 1
  t.strictSame(await made.ask(), { picture: pictureOf(2), freshMs: INTERVAL_MS })
  t.equal(made.looks, 2)
  t.strictSame(made.formers, [undefined, 1], 'the former picture can be given back')
})

t.test('whoever asks meanwhile gets the same; the interval counts from the end of the look', async t => {
  const made = new Made()
  let finish: (picture: Picture) => void = () => {}
  const asking = Array.from({ length: 10 }, () => made.latest.get(async () => {
    made.looks++
    return await new Promise<Picture>(resolve => { finish = resolve })
  }))
  made.nowMs += 3 * INTERVAL_MS
  asking.push(made.ask())
  finish(pictureOf(7))
  for (const answer of await Promise.all(asking)) t.strictSame(answer, { picture: pictureOf(7), freshMs: INTERVAL_MS })
  t.equal(made.looks, 1)
})

t.test('a look that fails counts too', async t => {
  const made = new Made()
  await t.rejects(made.askInVain('the first'), { message: 'the first' })
  made.nowMs += INTERVAL_MS - 1
  await t.rejects(made.ask(), { message: 'the first' }, 'without another look')
  t.equal(made.looks, 1)
  made.nowMs += 1
  t.match(await made.ask(), { picture: pictureOf(2) })
})

t.test('an older picture rather than an error', async t => {
  const made = new Made()
  await made.ask()
  made.nowMs += INTERVAL_MS
  t.strictSame(await made.askInVain('not now'), { picture: pictureOf(1), freshMs: INTERVAL_MS })
  made.nowMs += INTERVAL_MS / 2
  t.strictSame(await made.ask(), { picture: pictureOf(1), freshMs: INTERVAL_MS / 2 })
  t.equal(made.looks, 2)
  made.nowMs += INTERVAL_MS / 2
  t.match(await made.ask(), { picture: pictureOf(3) })
})
