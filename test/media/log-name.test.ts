import t from 'tap'
import { logName } from '../../src/media/log-name.ts'

t.test('a stream in the log: what sha256sum says of its key', async t => {
  // printf %s my-stream | sha256sum | cut -c1-12
  t.equal(logName('my-stream'), 'efdcb60a0ea7')
})
