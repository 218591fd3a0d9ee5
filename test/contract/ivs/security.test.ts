import t from 'tap'
import type { Answer } from '../../fixtures/http.ts'
import { API_KEY, INTERNAL_SECRET, startIvs, WEBHOOK_SECRET } from '../../fixtures/ivs-server.ts'
import { expectSuccess } from './expect.ts'

/** Some characters would end a line of the report. */
const asAscii = (text: string) => JSON.stringify(text).replace(/[^ -~]/g, character => `\\u${character.charCodeAt(0).toString(16)}`)

t.test('whatever stands in a text field: no failure, no header, no other viewer; and no secret in the log', async t => {
  const lines: string[] = []
  const server = await startIvs(t, { log: line => lines.push(line) })
  const { get, post, ask } = server
  const internal = { 'x-internal-secret': INTERNAL_SECRET }
  const { stage: { arn: stageArn } } = expectSuccess(t, await get('/api/stage/master/info'), 'the master')
  await post('/api/token/viewer', { userId: 'bystander', stageArn })
  const TEXTS = [
    "'; DROP TABLE ivs_stages; --", "' OR '1'='1", '" OR ""="', "\\'; SELECT pg_sleep(5); --", '$1', '$$; $$', '%', '_', '*', '{{7*7}}', '$' + '{7*7}', '<script>alert(1)</script>', 'a\r\nX-Injected: 1', 'a\u0000b', '\ud800', '\u2028', '../../etc/passwd', '/etc/passwd', 'arn:aws:ivs:*', `${stageArn}/../x`, `${stageArn} `, stageArn.toUpperCase(), 'ivs:stage:x', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '\u202eevil', '名字', '👩‍👩‍👧', ' ', 'x'.repeat(128), 'x'.repeat(5_000), '0', 'null', '[object Object]', '-1'
  ]
  for (const text of TEXTS) {
    const inUrl = encodeURIComponent(text.replace(/[\ud800-\udbff](?![\udc00-\udfff])/g, '?'))
    const answers: Array<[about: string, answer: Answer]> = [
      ['publisher', await post('/api/token/publisher', { userId: text })],
      ['viewer', await post('/api/token/viewer', { userId: text })],
      ['viewer, stage', await post('/api/token/viewer', { userId: 'x', stageArn: text })],
      ['media server', await post('/api/token/mediaserver', { serverId: text, stageArn }, internal)],
      ['media server, stage', await post('/api/token/mediaserver', { serverId: 'x', stageArn: text }, internal)],
      ['heartbeat', await post('/api/viewer/heartbeat', { userId: text, stageArn })],
      ['heartbeat, stage', await post('/api/viewer/heartbeat', { userId: 'x', stageArn: text })],
      ['heartbeats', await post('/api/viewer/heartbeats', { heartbeats: [{ userId: text, stageArn }, { userId: 'x', stageArn: text }, { [text]: text }, text] })],
      ['duration', await get(`/api/viewer/duration?userId=${inUrl}&stageArn=${stageArn}`)],
      ['duration, stage', await get(`/api/viewer/duration?userId=x&stageArn=${inUrl}`)],
      ['leave', await post('/api/viewer/leave', { userId: text, stageArn })],
      ['leave, stage', await post('/api/viewer/leave', { userId: 'x', stageArn: text })],
      ['viewers', await get(`/api/viewer/list/${inUrl}`)],
      ['delete', await ask('DELETE', `/api/stage/${inUrl}`)],
      ['page of a list', await get(`/api/stage/list?nextToken=${inUrl}`)],
      ['unknown field', await post('/api/viewer/leave', { userId: 'x', stageArn, [text]: text })]
    ]
    const name = await post('/api/stage', { name: text, tags: { [text]: text } })
    answers.push(['name', name])
    if (name.status === 201) expectSuccess(t, await ask('DELETE', `/api/stage/${name.json.data.stage.arn}`), 'removed', { message: 'Stage 已刪除' })
    for (const [about, answer] of answers) {
      t.ok(answer.status < 500, `${about}: ${asAscii(text).slice(0, 40)}: ${answer.status} ${answer.status >= 500 ? answer.text : ''}`)
      t.equal(answer.headers['x-injected'], undefined)
      if (answer.status < 300 && answer.json.data.userId !== undefined) t.ok([text, 'x'].includes(answer.json.data.userId), 'as it was given')
    }
    for (const userId of [text, 'x']) await post('/api/viewer/leave', { userId, stageArn })
  }
  const { viewers } = expectSuccess(t, await get(`/api/viewer/list/${stageArn}`), 'afterwards')
  t.match(viewers, [{ userId: 'bystander' }], 'nobody else is there')
  t.equal(viewers.length, 1)
  t.equal(expectSuccess(t, await get('/api/stage/list'), 'afterwards').totalStages, 1)

  server.app.log.info({ headers: { 'x-api-key': API_KEY, 'x-internal-secret': INTERNAL_SECRET, 'x-webhook-secret': WEBHOOK_SECRET }, body: { token: [...server.tokens][0], apiKey: API_KEY } }, 'whoever logs these')
  t.ok(server.tokens.size > 20, `${server.tokens.size} tokens`)
  t.ok(lines.length > 3, `${lines.length} lines`)
  const secrets = [...server.tokens, API_KEY, INTERNAL_SECRET, WEBHOOK_SECRET]
  t.strictSame(lines.filter(line => secrets.some(secret => line.includes(secret))), [], 'none of them in any line of the log')
})
