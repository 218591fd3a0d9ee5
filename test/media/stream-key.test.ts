import t from 'tap'
import { isStreamKey } from '../../src/media/stream-key.ts'

t.test('HLS-08: keys become folder names', async t => {
  for (const key of ['a', 'A-1_b.c', '0', 'x'.repeat(128), 'stream123', 'a..b']) t.equal(isStreamKey(key), true, key)
  for (const key of ['', '.', '..', '.a', '-a', '_a', 'a/b', 'a\\b', 'a b', 'a\n', 'ä', 'a\0', '%2e', 'x'.repeat(129), 1, null, undefined, ['a'], { toString: () => 'a' }]) t.equal(isStreamKey(key), false, String(key))
})
