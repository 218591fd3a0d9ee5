import t from 'tap'
import { RecentlyUsed } from '../../../src/media/thumbnail/recently-used.ts'

t.test('what was asked for longest ago goes first', async t => {
  const kept = new RecentlyUsed<number>(2)
  kept.set('one', 1)
  kept.set('two', 2)
  t.equal(kept.get('one'), 1)
  kept.set('three', 3)
  t.strictSame(['one', 'two', 'three'].map(key => kept.get(key)), [1, undefined, 3])
  kept.set('one', 11)
  kept.set('four', 4)
  t.strictSame(['one', 'three', 'four'].map(key => kept.get(key)), [11, undefined, 4], 'to be set counts as well')
  kept.delete('one')
  kept.set('five', 5)
  t.strictSame(['one', 'four', 'five'].map(key => kept.get(key)), [undefined, 4, 5], 'what is deleted makes room')
})
