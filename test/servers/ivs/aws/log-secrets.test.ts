import { generateKeyPairSync } from 'node:crypto'
import { Writable } from 'node:stream'
import Fastify from 'fastify'
import t from 'tap'
import { openAwsProvider } from '../../../../plugins/ivs/aws/provider.ts'
import { completeIvsOptions } from '../../../../src/config/load.ts'
import { IvsStandIn, type Fault } from '../../../stand-ins/ivs/stand-in.ts'

const FAULTS: Fault[] = [
  { kind: 'throttle' }, { kind: 'drop' }, { kind: 'garbage' }, { kind: 'lose-answer' }, { kind: 'hang' },
  { kind: 'status', status: 400 }, { kind: 'status', status: 402 }, { kind: 'status', status: 403 }, { kind: 'status', status: 404 }, { kind: 'status', status: 409 }, { kind: 'status', status: 500 }
]

t.test('no key and no token in any line of the log, also with the errors as a server logs them', async t => {
  const ivs = await IvsStandIn.start(t)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  const signingKey = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const masterStageArn = ivs.createStage('master-stage')
  const lines: string[] = []
  const { log } = Fastify({ logger: { level: 'trace', stream: new Writable({ write (line, _encoding, done) { lines.push(String(line)); done() } }) } })
  const secrets = [ivs.settings.secretAccessKey, ivs.settings.accessKeyId, ...signingKey.split('\n').filter(line => line.length > 20 && !line.startsWith('-'))]
  const quick = { masterStageArn, retryMs: 1, requestMs: 100, attempts: 2, requestsPerSecond: 10_000, tokensPerSecond: 10_000 }
  for (const settings of [{}, { signingKey, signingKeyArn: ivs.importPublicKey(publicKey.export({ type: 'spki', format: 'pem' }) as string) }, { secretAccessKey: `wrong-${ivs.settings.secretAccessKey}` }]) {
    const provider = await openAwsProvider(completeIvsOptions({ ...ivs.settings, ...quick, ...settings }), log)
    const work = async () => {
      for (const does of [
        async () => { secrets.push((await provider.issueToken({ stage: { arn: masterStageArn, endpoints: {} }, role: 'publisher', userId: 'bob', lifeSeconds: 60 })).token) },
        () => provider.list(),
        () => provider.publisher(masterStageArn),
        () => provider.create({ name: 'stage', tags: {} }),
        () => provider.startReplication(masterStageArn, masterStageArn, 'bob'),
        () => provider.mediaPaths(masterStageArn, [], 'bob')
      ]) await does().catch((error: unknown) => log.error({ err: error }, 'it failed'))
    }
    await work()
    for (const fault of FAULTS) {
      const end = ivs.faults.add('*', fault, fault.kind === 'hang' ? 2 : Infinity)
      await work()
      end()
    }
    await provider.close()
  }
  t.ok(secrets.length > 10)
  t.ok(lines.some(line => line.includes('InvalidSignatureException')))
  t.ok(lines.length > 100, `${lines.length} lines`)
  const text = lines.join('')
  t.strictSame(secrets.filter(secret => text.includes(secret)).length, 0)
  t.notMatch(text, /AWS4-HMAC|x-amz-security-token|Signature=/i)
})
