import { resolve } from 'node:path'
import t from 'tap'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { errorSerializer } from '../../src/livestream/error-serializer.ts'
import { logName } from '../../src/media/log-name.ts'

t.test("an error is told without the stream's name, however deep it stands", async t => {
  for (const root of ['streams', '/var/lib/streams', '/var/lib/streams/']) {
    const serialize = errorSerializer(root)
    for (const folder of [root, resolve(root)]) {
      const path = `${folder.replace(/\/$/, '')}/private-show/segment_1.ts`
      const cause = Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT', syscall: 'open', path, errno: -2 })
      const logged = serialize(new HeadwaterError('INTERNAL_ERROR', { streamKey: 'private-show', cause })) as any
      t.notMatch(JSON.stringify(logged), 'private-show')
      t.match(logged, {
        type: 'HeadwaterError',
        code: 'INTERNAL_ERROR',
        message: 'Internal server error',
        stack: String,
        cause: { code: 'ENOENT', syscall: 'open', message: `ENOENT: no such file or directory, open 'streams/${logName('private-show')}/segment_1.ts'` }
      })
    }
  }
})

t.test('what is no error stays what it is', async t => {
  t.equal(errorSerializer('streams')('text'), 'text')
})
