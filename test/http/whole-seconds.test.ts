import t from 'tap'
import { wholeSeconds } from '../../src/http/whole-seconds.ts'

t.test('a time in whole seconds, in UTC', async t => {
  t.equal(wholeSeconds(new Date('2025-10-02T12:00:00.999+02:00')), '2025-10-02T10:00:00Z')
})
