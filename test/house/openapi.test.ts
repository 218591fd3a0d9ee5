import { readFile } from 'node:fs/promises'
import t from 'tap'
import { describeApi } from '../../scripts/openapi/document.ts'

/** Routes that are no part of the API. */
const NOT_DESCRIBED: Array<{ route: RegExp, why: string }> = [
  { route: /^HEAD /, why: 'as GET' },
  { route: /^GET \/(studio|watch\/:streamId|register|login|forgot-password|reset-password|profile|admin\/users|operator\/stages|live|live\/(create|my-sessions|recordings|:sessionId))?$/, why: 'pages, for people' },
  { route: /^GET \/assets\/:name$/, why: 'what pages load; the names change' },
  { route: /^GET \/docs(\/.*)?$/, why: 'the description itself' },
  { route: /^GET \/ws(\/rooms)?$/, why: 'WebSockets: docs/api/ivs.md, 11; src/rooms/local-messages.ts' },
  { route: /^OPTIONS \/(livestream|api\/v1\/\w+(\/users)?)\/\*$/, why: 'CORS preflight' },
  { route: /^OPTIONS \/api\/v1\/\w+(\/users)?\/?$/, why: 'CORS preflight' },
  { route: /^OPTIONS \/api\/(health|room\/\*|rooms|token)$/, why: 'CORS preflight' },
  { route: /^GET \/api\/v1\/admin\/users\/$/, why: 'as without the slash' },
  { route: /^(GET|POST) \/livestream\/\*$/, why: 'unknown paths, with a key that is longer than the router takes' }
]

t.test('the document describes every route, once, and stands in docs/api', async t => {
  const { text, routes } = await describeApi()
  t.equal(await readFile(new URL('../../docs/api/openapi.json', import.meta.url), 'utf8'), text, 'run npm run openapi')

  const document = JSON.parse(text)
  t.match(document, { openapi: /^3\.1\./, servers: [{ url: '..' }] })
  const operations: Array<{ name: string, operation: any }> = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })))
  const described = operations.map(({ name }) => name)
  const expected = routes.filter(route => !NOT_DESCRIBED.some(({ route: pattern }) => pattern.test(route))).map(route => route.replace(/:(\w+)/g, '{$1}').replace(/\*$/, '{stageArn}'))
  t.ok(expected.length > 10, 'routes were found')
  t.strictSame([...described].sort(), [...new Set(expected)].sort(), 'describe it with a schema, or say above why not')
  for (const { route } of NOT_DESCRIBED) t.ok(routes.some(one => route.test(one)), `${route} is still there`)

  t.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length, 'every operation has a name of its own')
  const tags = document.tags.map(({ name }: { name: string }) => name)
  for (const { name, operation } of operations) {
    t.ok(operation.summary, `${name} has a summary`)
    t.ok(operation.tags.length > 0 && operation.tags.every((tag: string) => tags.includes(tag)), `${name} has a tag that is described`)
    for (const [status, response] of Object.entries<any>(operation.responses)) t.not(response.description, 'Default Response', `${name} says what ${status} means`)
  }
  t.notMatch(text, /127\.0\.0\.1|localhost|\/tmp\//, 'nothing of the machine that made it')
})
