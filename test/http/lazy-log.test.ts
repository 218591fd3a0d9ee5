import Fastify, { LogController } from 'fastify'
import t from 'tap'
import { logLazily } from '../../src/http/lazy-log.ts'

t.test('a request has a logger of its own as soon as it says something', async t => {
  const lines: Array<{ msg: string, reqId: string, level: number }> = []
  const made: string[] = []
  const app = Fastify({
    logger: { level: 'debug', stream: { write: (line: string) => { lines.push(JSON.parse(line)) } } },
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger, bindings, options) => {
      made.push(String(bindings['reqId']))
      return logger.child(bindings, options)
    }
  })
  t.teardown(() => app.close())
  await app.register(async scope => {
    logLazily(scope)
    scope.get('/silent', async () => 'nothing')
    scope.get('/talking', async ({ log }) => {
      log.info('below the level')
      log.warn('one')
      log.child({}).error('two')
      return 'something'
    })
  }, { logLevel: 'warn' })

  t.equal((await app.inject('/silent')).statusCode, 200)
  t.same(made, [], 'none was made')
  t.equal((await app.inject('/talking')).statusCode, 200)
  t.same(made, ['req-2'])
  t.match(lines, [{ msg: 'one', reqId: 'req-2', level: 40 }, { msg: 'two', reqId: 'req-2', level: 50 }])
  t.equal(lines.length, 2)
})
