import t from 'tap'
import { Emitter } from '../../src/client/emitter.ts'

class Counter extends Emitter<{ counted: number, stopped: undefined }> {
  count (to: number): void {
    for (let i = 1; i <= to; i++) this.emit('counted', i)
    this.emit('stopped', undefined)
  }
}

t.test('listeners', async t => {
  const counter = new Counter()
  const heard: Array<number | string> = []
  const off = counter.on('counted', number => heard.push(number))
  counter.on('stopped', () => heard.push('stopped'))
  counter.count(2)
  off()
  counter.count(1)
  t.strictSame(heard, [1, 2, 'stopped', 'stopped'])
})

t.test('a listener that takes itself away does not cost another its turn', async t => {
  const counter = new Counter()
  const heard: string[] = []
  const off = counter.on('counted', () => {
    off()
    heard.push('first')
  })
  counter.on('counted', () => heard.push('second'))
  counter.count(2)
  t.strictSame(heard, ['first', 'second', 'second'])
})
