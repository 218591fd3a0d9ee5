import fc from 'fast-check'
import t from 'tap'
import { readClientMessage } from '../../../plugins/ivs/read-client-message.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'

t.test('what is understood', async t => {
  for (const message of [
    { action: 'subscribe', channel: 'stats' },
    { action: 'unsubscribe', channel: 'stats' },
    { action: 'subscribe', channel: 'operations', apiKey: 'a' },
    { action: 'subscribe', channel: 'operations' },
    { action: 'subscribe', channel: 'stats', added: true }
  ]) t.strictSame(readClientMessage(JSON.stringify(message)), message)
})

t.test('what is not, and why', async t => {
  const missing = (...fields: string[]) => ({ code: 'INVALID_REQUEST', fields: fields.map(field => ({ field, message: 'required' })) })
  for (const [text, error] of [
    ['', { code: 'INVALID_REQUEST', message: 'The message is not JSON' }],
    ['{"action":"subscribe"', { code: 'INVALID_REQUEST', message: 'The message is not JSON' }],
    ...['null', '1', '"subscribe"', '[]'].map(text => [text, { code: 'INVALID_REQUEST', message: 'The message is no JSON object' }]),
    ['{}', missing('action', 'channel')],
    ['{"action":"","channel":"stats"}', missing('action')],
    ['{"action":"subscribe"}', missing('channel')],
    ['{"action":"publish","channel":"stats"}', { fields: [{ field: 'action', message: 'must be one of subscribe, unsubscribe' }] }],
    ['{"action":"subscribe","channel":["stats"]}', { fields: [{ field: 'channel', message: 'must be one of stats, operations' }] }],
    ['{"action":"subscribe","channel":"operations","apiKey":1}', { fields: [{ field: 'apiKey', message: 'must be string' }] }]
  ] as Array<[string, object]>) t.throws(() => readClientMessage(text), error as Error, text)
})

t.test('whatever comes is a message or an error of the catalogue', async t => {
  let understood = 0
  const some = fc.oneof(fc.string(), fc.json(), fc.record({ action: fc.constantFrom('subscribe', 'unsubscribe', 'x', 1), channel: fc.constantFrom('stats', 'operations', 'x', null), apiKey: fc.oneof(fc.string(), fc.integer()) }, { requiredKeys: [] }).map(message => JSON.stringify(message)))
  fc.assert(fc.property(some, text => {
    try {
      const { action, channel } = readClientMessage(text)
      understood++
      return ['subscribe', 'unsubscribe'].includes(action) && ['stats', 'operations'].includes(channel)
    } catch (error) {
      return error instanceof HeadwaterError && error.code === 'INVALID_REQUEST'
    }
  }), { numRuns: 1_000 })
  t.ok(understood > 20, `${understood} of 1,000 were understood`)
})
