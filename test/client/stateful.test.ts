import t from 'tap'
import { Stateful } from '../../src/client/stateful.ts'

class Light extends Stateful<{ on: boolean, colour: string }> {
  constructor () { super({ on: false, colour: 'white' }) }
  set (changes: Partial<{ on: boolean, colour: string }>): void { this.update(changes) }
}

t.test('a snapshot stays what it was', async t => {
  const light = new Light()
  const first = light.snapshot
  const told: unknown[] = []
  light.on('change', snapshot => told.push(snapshot))
  light.set({ on: true })
  t.strictSame(first, { on: false, colour: 'white' })
  t.throws(() => { (first as { on: boolean }).on = true }, TypeError)
  t.strictSame(light.snapshot, { on: true, colour: 'white' })
  t.equal(told[0], light.snapshot)
  light.set({ on: true, colour: 'white' })
  t.equal(told.length, 1, 'nothing has changed')
  t.equal(told[0], light.snapshot, 'the same one, as React wants it')
})
