import t from 'tap'
import { newStreamName } from '../../../../src/livestream/pages/studio/stream-name.ts'
import { isStreamKey } from '../../../../src/media/stream-key.ts'

t.test('names that can be said, and are stream keys', async t => {
  t.equal(newStreamName(() => 0), 'quiet-river-100')
  t.equal(newStreamName(() => 0.9999), 'early-source-999')
  const names = Array.from({ length: 200 }, () => newStreamName())
  t.ok(names.every(isStreamKey))
  t.ok(new Set(names).size > 150)
})
