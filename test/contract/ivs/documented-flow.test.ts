import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startIvs } from '../../fixtures/ivs-server.ts'

const run = promisify(execFile)

/** The commands of docs/ivs.md, as they stand there. */
async function documentedCommands (): Promise<string> {
  const text = await readFile(new URL('../../../docs/ivs.md', import.meta.url), 'utf8')
  return /```sh\n(.*?curl.*?)```/s.exec(text)![1]!
}

t.test('tokens, heartbeats and stages, with curl, as the docs say', async t => {
  const server = await startIvs(t, { ivs: { apiKeys: [], rateLimit: 100 } })
  const commands = (await documentedCommands()).replace('http://localhost:5050', server.url)
  t.ok(commands.includes(server.url), 'the address of the docs is that of the server')
  // Each command's answer on a line of its own.
  const { stdout } = await run('bash', ['-e', '-c', commands], { cwd: dirname(server.dataDir), env: { PATH: process.env.PATH } })
  const answers = stdout.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line))
  t.strictSame(answers.map(({ success }) => success), Array(10).fill(true))
  const [health, publisher, viewer, heartbeat, viewers, duration, stages, statistics, deleted, left] = answers.map(({ data }) => data)
  t.match(health, { status: 'healthy' })
  t.match(publisher, { userId: 'publisher-123', capabilities: ['PUBLISH'], stageArn: viewer.stageArn })
  t.match(viewer, { userId: 'viewer-456', capabilities: ['SUBSCRIBE'], currentViewers: 1 })
  t.match(heartbeat, { heartbeatUpdated: true })
  t.match(viewers, { stageArn: viewer.stageArn, totalViewers: 1, viewers: [{ userId: 'viewer-456' }] })
  t.match(duration, { watchDurationFormatted: /^0分 \d+秒$/ })
  t.match(stages, { totalStages: 2, stages: [{ name: 'master-stage' }, { name: 'custom-stage-01', tags: { Purpose: 'Testing' } }] })
  t.match(statistics, { totalViewers: 1, activeStages: 2, isPublisherLive: true })
  t.match(deleted, { stageArn: stages.stages[1].stageArn, deleted: true })
  t.match(left, { viewerLeft: true })
})
