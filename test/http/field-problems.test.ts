import Fastify from 'fastify'
import t from 'tap'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { toHeadwaterError } from '../../src/http/error-handler.ts'
import { fieldProblems } from '../../src/http/field-problems.ts'
import { useOwnValidation } from '../../src/http/validation.ts'

const body = {
  type: 'object',
  required: ['name', 'email'],
  properties: {
    name: { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z]*$' },
    email: { type: 'string', format: 'email' },
    age: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
    kind: { enum: ['a', 'b'] },
    pet: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
    list: { type: 'array', items: { type: 'integer' } }
  }
}

async function problemsOf (given: unknown, allErrors = true) {
  const app = Fastify()
  useOwnValidation(app, { allErrors })
  app.setErrorHandler(async (error, _request, reply) => await reply.code(400).send(toHeadwaterError(error).fields))
  app.post('/', { schema: { body, querystring: { type: 'object', properties: { page: { type: 'integer', default: 7 } } } } }, async request => request.query)
  return (await app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'application/json' }, payload: JSON.stringify(given) })).json()
}

t.test('every field that is wrong, in words', async t => {
  t.strictSame(await problemsOf({}), [{ field: 'name', message: 'required' }, { field: 'email', message: 'required' }])
  t.strictSame(await problemsOf({ name: 'A', email: 'x' }), [
    { field: 'name', message: 'must have at least 2 characters' },
    { field: 'name', message: 'has characters that are not allowed' },
    { field: 'email', message: 'must be an e-mail address' }
  ])
  t.strictSame(await problemsOf({ name: 'abcde', email: 'a@b.cd', kind: 'c', pet: {}, list: [1, 'x'] }), [
    { field: 'name', message: 'must have at most 4 characters' },
    { field: 'kind', message: 'must be one of a, b' },
    { field: 'pet.name', message: 'required' },
    { field: 'list.1', message: 'must be integer' }
  ])
  t.strictSame(await problemsOf({ name: 'abc', email: 'a@b.cd', age: 'x' }), [{ field: 'age', message: 'must be integer' }, { field: 'age', message: 'must be null' }])
  t.strictSame(await problemsOf([]), [{ field: 'body', message: 'must be object' }])
  t.strictSame(await problemsOf({}, false), [{ field: 'name', message: 'required' }], 'or the first alone')
})

t.test('what comes in a URL is text that means something; in a body it is what it is', async t => {
  const app = Fastify()
  useOwnValidation(app)
  app.post('/:id', { schema: { params: { type: 'object', properties: { id: { type: 'integer' } } }, querystring: { type: 'object', properties: { page: { type: 'integer', default: 7 } } }, body: { type: 'object', properties: { n: { type: 'integer' } } } } }, async request => ({ ...request.params as object, ...request.query as object }))
  t.strictSame((await app.inject({ method: 'POST', url: '/5?page=2', payload: { n: 1 } })).json(), { id: 5, page: 2 })
  t.strictSame((await app.inject({ method: 'POST', url: '/5', payload: { n: 1 } })).json(), { id: 5, page: 7 })
  t.equal((await app.inject({ method: 'POST', url: '/5', payload: { n: '1' } })).statusCode, 400)
  t.equal((await app.inject({ method: 'POST', url: '/x', payload: {} })).statusCode, 400)
})

t.test('a field stands for the whole where there is none', async t => {
  t.strictSame(fieldProblems([{ keyword: 'type', instancePath: '', schemaPath: '', params: {}, message: 'must be object' }], 'querystring'), [{ field: 'querystring', message: 'must be object' }])
  t.strictSame(new HeadwaterError('INVALID_REQUEST').fields, [])
})
