import t from 'tap'
import { AnswerCheck, type OpenApi } from '../fixtures/openapi.ts'

const person = { title: 'Person', type: 'object', required: ['name'], properties: { name: { type: 'string' }, born: { type: 'string', format: 'date-time' }, pet: { type: 'object', properties: { name: { type: 'string' } } } } }

const DOCUMENT: OpenApi = {
  paths: {
    '/people/{id}': {
      get: {
        responses: {
          200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Person' } } } },
          304: {},
          404: { content: { 'text/plain': { schema: { type: 'string' } } } }
        }
      }
    },
    '/files/{at}': { get: { parameters: [{ name: 'at', schema: { type: 'string', 'x-rest-of-path': 'at' } }], responses: { 200: {} } } },
    '/people/list': { get: { responses: { 200: { content: { 'text/plain': { schema: { type: 'string' } } } } } } }
  },
  components: { schemas: { Person: person } }
}

const json = (status: number, body: unknown, type = 'application/json; charset=utf-8') => ({ status, headers: { 'content-type': type }, bytes: Buffer.from(JSON.stringify(body)) })
const text = (status: number) => ({ status, headers: { 'content-type': 'text/plain' }, bytes: Buffer.from('text') })
const empty = (status: number) => ({ status, headers: {}, bytes: Buffer.alloc(0) })

t.test('what is as it is described passes', async t => {
  const check = new AnswerCheck(DOCUMENT)
  t.equal(check.check('GET', '/people/7?q=1', json(200, { name: 'Ada', born: '1815-12-10T00:00:00Z', pet: { name: 'Cat' } })), true)
  t.equal(check.check('GET', '/people/7', empty(304)), true)
  t.equal(check.check('GET', '/people/7', text(404)), true)
  t.equal(check.check('GET', '/people/list', text(200)), true, 'the path without a parameter comes first')
  t.equal(check.check('GET', '/files/a/b%2Fc:d', empty(200)), true, 'the rest of a path')
  t.equal(check.check('HEAD', '/people/7', { ...json(200, {}), bytes: Buffer.alloc(0) }), true)
})

t.test('what is not described is left alone', async t => {
  const check = new AnswerCheck(DOCUMENT)
  for (const [method, path] of [['GET', '/people'], ['GET', '/people/7/more'], ['POST', '/people/7'], ['OPTIONS', '/people/7']] as const) t.equal(check.check(method, path, empty(418)), false)
  t.equal(check.check('GET', '/people/7', empty(431)), false, 'no route saw it')
})

t.test('anything else is told', async t => {
  const check = new AnswerCheck(DOCUMENT)
  const tell = (answer: Parameters<AnswerCheck['check']>[2], says: RegExp) => t.throws(() => check.check('GET', '/people/7', answer), says)
  tell(json(500, {}), /GET \/people\/7 .*\/people\/\{id\}: status 500 \(described: 200, 304, 404\)/)
  tell(text(200), /content type "text\/plain" with status 200/)
  tell(text(304), /a body with status 304/)
  tell(json(200, {}), /required property 'name'/)
  tell(json(200, { name: 7 }), /name must be string/)
  tell(json(200, { name: 'Ada', born: 'long ago' }), /date-time/)
  tell(json(200, { name: 'Ada', age: 36 }), /additional properties/)
  tell(json(200, { name: 'Ada', pet: { name: 'Cat', age: 3 } }), /body\/pet must NOT have additional properties/)
})
