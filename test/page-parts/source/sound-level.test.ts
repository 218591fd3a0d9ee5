import t from 'tap'
import { levelOf } from '../../../src/page-parts/source/sound-level.ts'

const tone = (loudness: number) => Float32Array.from({ length: 1024 }, (_, index) => loudness * Math.sin(index / 4))

t.test('a scale of decibels', async t => {
  t.equal(levelOf(new Float32Array(1024)), 0, 'silence')
  t.equal(levelOf(Float32Array.from({ length: 1024 }, () => 1)), 1, 'full')
  t.equal(levelOf(tone(0.0001)), 0, 'below the floor')
  const [quiet, loud] = [levelOf(tone(0.05)), levelOf(tone(0.5))]
  t.ok(quiet > 0.4 && quiet < loud && loud < 1, `${quiet} and ${loud}`)
  t.ok(Math.abs((loud - quiet) - 20 / 60) < 0.01, 'ten times as loud is 20 dB')
})
