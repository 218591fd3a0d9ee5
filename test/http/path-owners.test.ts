import Fastify from 'fastify'
import t from 'tap'
import { answerUnmatched, ownerOf, pathOwners, pathOwnersOf } from '../../src/http/path-owners.ts'

t.test('crosscutting (b): which API owns a path', async t => {
  const OWNED: Record<string, string | undefined> = {
    '/livestream/x/nothing': 'livestream',
    '/livestream': 'livestream',
    '/livestreams': undefined,
    '/api/v1/live/sessions': 'live-sessions',
    '/api/v1/live': 'live-sessions',
    '/api/v1/lives': 'meetings',
    '/api/v1/users/x': 'meetings',
    '/api/v1': 'meetings',
    '/api/v10': 'ivs',
    '/api/health': 'livekit-rooms',
    '/api/room/x': 'livekit-rooms',
    '/api/rooms': 'livekit-rooms',
    '/api/rooms/x': 'ivs',
    '/api/token': 'livekit-rooms',
    '/api/token/publisher': 'ivs',
    '/api/stage/list': 'ivs',
    '/health': 'ivs',
    '/': undefined,
    '/watch/x': undefined
  }
  for (const [path, owner] of Object.entries(OWNED)) t.equal(ownerOf(path), owner, path)
})

t.test('who is registered answers for its paths, below the prefix; nobody answers for the others', async t => {
  const app = Fastify()
  for (const prefix of ['/a', '/b']) {
    await app.register(async scope => {
      await scope.register(pathOwners)
      await scope.register(pathOwners)
      scope.setNotFoundHandler(answerUnmatched(scope))
      if (prefix === '/a') pathOwnersOf(scope)!.add('meetings', async (error, _request, reply) => await reply.code(404).send({ mine: (error as Error).message }))
    }, { prefix })
  }
  t.strictSame((await app.inject('/a/api/v1/x?secret=1')).json(), { mine: 'There is nothing at GET /a/api/v1/x' })
  t.match((await app.inject('/b/api/v1/x')).json(), { error: String, code: 'NOT_FOUND' }, 'another scope has other owners')
  t.match((await app.inject('/a/api/stage/x')).json(), { error: String, code: 'NOT_FOUND' }, 'it is not registered')
  t.match((await app.inject('/a/x')).json(), { error: String, code: 'NOT_FOUND' })
  t.match((await app.inject('/x')).json(), { statusCode: 404 }, "the host's own")
})
