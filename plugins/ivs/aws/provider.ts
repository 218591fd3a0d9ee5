import type { Stage as AwsStage } from '@aws-sdk/client-ivs-realtime'
import type { IvsConfig } from '../../../src/config/ivs.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { reasonOf } from '../../../src/errors/reason.ts'
import type { Log } from '../../../src/log.ts'
import { loadOptional } from '../../../src/optional-package.ts'
import { RunLimit } from '../../../src/run-limit.ts'
import { CAPABILITIES, type IssuedToken, type ProvidedStage, type StageProvider, type TokenRequest } from '../provider.ts'
import type { MediaPath, PublisherState, StageEndpoints } from '../stage.ts'
import { Account, type KnownStage } from './account.ts'
import type { AwsClient } from './client.ts'
import { EndpointCache } from './endpoint-cache.ts'
import { answered, AwsFailure, isFailure, unless } from './failure.ts'
import { isMediaServer } from './media-server.ts'
import { viewers } from './participants.ts'
import { createdAtOf, endpointsOf, isOf, providedStage, withOwnTags } from './provided-stage.ts'
import { TokenSigner } from './signed-token.ts'
import { parseStageArn } from './stage-arn.ts'
import { checkedTokenRequest } from './token-request.ts'

/** Not adjustable (reference: service quotas, participant replication). */
const MAX_REPLICAS = 5
/** Stages that are asked about relays at the same time, so that none waits for its turn until it is refused. */
const RELAYS_AT_ONCE = 4

/**
 * Stages at Amazon IVS Real-Time. The SDK is loaded when this is called.
 * @throws HeadwaterError `CONFIG_INVALID` for a region that is not the master stage's, and a key that tokens cannot be signed with
 */
export async function openAwsProvider (config: IvsConfig, log: Log): Promise<StageProvider> {
  const { region } = parseStageArn(config.masterStageArn) ?? {}
  if (region !== undefined && region !== config.region) throw new HeadwaterError('CONFIG_INVALID', { message: `The master stage (MASTER_STAGE_ARN) is in ${region}, and AWS_REGION says ${config.region}` })
  const signer = config.signingKey === '' ? undefined : TokenSigner.from(config)
  const { AwsClient } = await loadOptional(() => import('./client.ts'), 'MASTER_STAGE_ARN')
  const client = new AwsClient(config, log)
  try {
    if (signer !== undefined) await checkPublicKey(signer, client, log)
  } catch (error) {
    client.close()
    throw error
  }
  return new AwsProvider(config, client, signer, log)
}

/** Otherwise nobody would find out before a client is not let in. Where AWS does not tell, tokens may be good all the same. */
async function checkPublicKey (signer: TokenSigner, client: AwsClient, log: Log): Promise<void> {
  try {
    const { publicKey } = await client.send('GetPublicKey', { arn: signer.keyArn })
    if (!signer.fits(publicKey?.publicKeyMaterial ?? '')) throw new HeadwaterError('CONFIG_INVALID', { message: `IVS_SIGNING_KEY is not the private key of ${signer.keyArn} (IVS_SIGNING_KEY_ARN)` })
  } catch (error) {
    if (isFailure(error, 'missing')) throw new HeadwaterError('CONFIG_INVALID', { message: `There is no public key ${signer.keyArn} (IVS_SIGNING_KEY_ARN): import it first`, cause: error })
    if (!(error instanceof AwsFailure)) throw error
    log.warn({ reason: error.message }, 'AWS does not say whether it has the public key that tokens are checked with')
  }
}

class AwsProvider implements StageProvider {
  readonly kind = 'aws'
  readonly region: string
  readonly maxReplicas = MAX_REPLICAS
  readonly #config: IvsConfig
  readonly #client: AwsClient
  readonly #account: Account
  readonly #signer: TokenSigner | undefined
  readonly #log: Log
  readonly #endpoints = new EndpointCache()
  /** One question for all who need the addresses of a stage at the same time. */
  readonly #asking = new Map<string, Promise<ProvidedStage | undefined>>()
  /** When stages were first heard of whose tags do not say since when they are there. */
  readonly #firstSeen = new Map<string, Date>()
  readonly #relays = new RunLimit(RELAYS_AT_ONCE)

  constructor (config: IvsConfig, client: AwsClient, signer: TokenSigner | undefined, log: Log) {
    this.region = config.region
    this.#config = config
    this.#client = client
    this.#account = new Account(client)
    this.#signer = signer
    this.#log = log
  }

  async master (): Promise<ProvidedStage | undefined> {
    return await this.get(this.#config.masterStageArn)
  }

  /** Without addresses, where they are not known yet. */
  async list (): Promise<ProvidedStage[]> {
    const { installation, masterStageArn } = this.#config
    return (await answered(() => this.#account.stages()))
      .filter(stage => isOf(installation, stage) && stage.arn !== masterStageArn)
      .map(stage => this.#provided(stage, this.#endpoints.get(stage.arn, Date.now()) ?? {}))
  }

  async get (arn: string): Promise<ProvidedStage | undefined> {
    if (!this.#isOfAccount(arn)) return undefined
    return await answered(async () => {
      const answer = await this.#client.send('GetStage', { arn }).catch(unless('missing', undefined))
      return answer === undefined ? undefined : this.#known(answer.stage)
    })
  }

  async create ({ name, tags }: { name: string, tags: Record<string, string> }): Promise<ProvidedStage> {
    const createdAt = new Date()
    return await answered(async () => {
      try {
        const { stage } = await this.#client.send('CreateStage', { name, tags: withOwnTags(tags, this.#config.installation, createdAt) })
        return this.#known(stage)
      } catch (error) {
        if (!(error instanceof AwsFailure) || !error.mayBeDone) throw error
        const stage = await this.#createdUnheard(name, createdAt)
        if (stage === undefined) throw error
        return stage
      }
    })
  }

  async delete (arn: string): Promise<void> {
    if (!this.#isOfAccount(arn)) return
    await answered(async () => { await this.#client.send('DeleteStage', { arn }).catch(unless('missing', undefined)) })
    this.#endpoints.delete(arn)
    this.#firstSeen.delete(arn)
  }

  async issueToken (request: TokenRequest): Promise<IssuedToken> {
    const checked = checkedTokenRequest(request)
    if (!this.#isOfAccount(request.stage.arn)) throw new HeadwaterError('NOT_FOUND')
    return this.#signer === undefined ? await this.#askForToken(checked) : await this.#signer.sign(checked, await this.#endpointsFor(request.stage), new Date())
  }

  async publisher (master: string): Promise<PublisherState> {
    const asOf = new Date()
    const sessionId = (await this.get(master))?.activeSessionId
    if (sessionId === undefined) return { isLive: false, asOf, source: 'poll' }
    const publisher = await answered(() => this.#account.publishing(master, sessionId, userId => !isMediaServer(userId)))
    return { isLive: publisher !== undefined, ...(publisher === undefined ? {} : { participantId: publisher, sessionId }), asOf, source: 'poll' }
  }

  async startReplication (source: string, destination: string, participantId: string): Promise<void> {
    await answered(async () => {
      try {
        await this.#client.send('StartParticipantReplication', { sourceStageArn: source, destinationStageArn: destination, participantId, reconnectWindowSeconds: this.#config.reconnectWindowSeconds })
      } catch (error) {
        // It may be one of ours that began although its answer was lost, or a conflict with something else.
        if (!isFailure(error, 'conflict') || !(await this.#account.replicas(source, participantId)).has(destination)) throw error
      }
    })
  }

  async stopReplication (source: string, destination: string, participantId: string): Promise<void> {
    await answered(async () => {
      await this.#client.send('StopParticipantReplication', { sourceStageArn: source, destinationStageArn: destination, participantId }).catch(unless('missing', undefined))
    })
  }

  /**
   * Copies are listed by their source: one request for all stages, where asking each stage who is on it would take
   * three of 5 a second. Only stages without a copy are looked at one by one, and of these only those on which somebody is.
   */
  async mediaPaths (master: string, stages: readonly string[], participantId: string): Promise<Map<string, MediaPath>> {
    return await answered(async () => {
      const replicas = await this.#account.replicas(master, participantId)
      const others = stages.filter(arn => arn !== master && !replicas.has(arn))
      const relayed = others.length === 0 ? new Set<string>() : await this.#relayed(others)
      return new Map(stages.map(arn => [arn, arn === master ? 'source' : replicas.has(arn) ? 'replica' : relayed.has(arn) ? 'relay' : 'none']))
    })
  }

  async connectedViewers (arn: string): Promise<number | undefined> {
    const stage = await this.get(arn)
    if (stage === undefined) throw new HeadwaterError('NOT_FOUND')
    const sessionId = stage.activeSessionId
    if (sessionId === undefined) return 0
    return viewers(await answered(() => this.#account.connected(arn, sessionId))).length
  }

  async left (): Promise<void> {}

  async close (): Promise<void> {
    this.#client.close()
  }

  async #askForToken ({ stage, role, userId, lifeSeconds, attributes }: TokenRequest): Promise<IssuedToken> {
    return await answered(async () => {
      const { participantToken } = await this.#client.send('CreateParticipantToken', {
        stageArn: stage.arn,
        userId,
        duration: Math.ceil(lifeSeconds / 60),
        capabilities: [...CAPABILITIES[role]],
        ...(attributes === undefined ? {} : { attributes })
      })
      const { token, participantId, expirationTime } = participantToken ?? {}
      if (token === undefined || participantId === undefined) throw new HeadwaterError('TOKEN_GENERATION_FAILED', { message: 'AWS has answered without a token' })
      return { token, participantId, expiresAt: expirationTime ?? new Date(Date.now() + lifeSeconds * 1000) }
    })
  }

  async #endpointsFor ({ arn, endpoints }: TokenRequest['stage']): Promise<StageEndpoints> {
    const known = endpoints.events !== undefined && endpoints.whip !== undefined ? endpoints : this.#endpoints.get(arn, Date.now())
    if (known !== undefined) return known
    let asking = this.#asking.get(arn)
    if (asking === undefined) {
      asking = this.get(arn).finally(() => this.#asking.delete(arn))
      this.#asking.set(arn, asking)
    }
    return (await asking)?.endpoints ?? refuse(arn)
  }

  /** Those of some stages on which a media server publishes. */
  async #relayed (arns: readonly string[]): Promise<Set<string>> {
    const sessions = new Map((await this.#account.stages()).map(({ arn, activeSessionId }) => [arn, activeSessionId]))
    const relayed = new Set<string>()
    await Promise.all(arns.map(async arn => {
      const sessionId = sessions.get(arn)
      if (sessionId === undefined) return
      // A stage that was deleted in between is not valid any more.
      const relay = await this.#relays.run(() => this.#account.publishing(arn, sessionId, isMediaServer)).catch(unless('missing', undefined)).catch(unless('invalid', undefined))
      if (relay !== undefined) relayed.add(arn)
    }))
    return relayed
  }

  /** A stage that was made though the answer was lost: it has the tags that were asked for. */
  async #createdUnheard (name: string, createdAt: Date): Promise<ProvidedStage | undefined> {
    try {
      const stage = (await this.list()).find(stage => stage.name === name && createdAtOf(stage)?.getTime() === createdAt.getTime())
      return stage === undefined ? undefined : await this.get(stage.arn)
    } catch (error) {
      this.#log.warn({ name, reason: reasonOf(error) }, 'a stage may have been made whose answer was lost: it will be found by its tags')
      return undefined
    }
  }

  #known (stage: AwsStage | undefined): ProvidedStage {
    const { arn } = stage ?? {}
    if (stage === undefined || arn === undefined) throw new HeadwaterError('STAGES_UNAVAILABLE', { message: 'AWS has answered without a stage' })
    const endpoints = endpointsOf(stage)
    this.#endpoints.set(arn, endpoints, Date.now())
    return this.#provided({ ...stage, arn }, endpoints)
  }

  #provided (stage: KnownStage, endpoints: StageEndpoints): ProvidedStage {
    let firstSeen = this.#firstSeen.get(stage.arn)
    if (firstSeen === undefined) {
      firstSeen = new Date()
      if (createdAtOf(stage) === undefined) this.#firstSeen.set(stage.arn, firstSeen)
    }
    return providedStage(stage, endpoints, firstSeen)
  }

  /** AWS answers to what lies elsewhere that it is not allowed: then it is simply not there. */
  #isOfAccount (arn: string): boolean {
    const prefix = parseStageArn(arn)?.prefix
    return prefix !== undefined && prefix === parseStageArn(this.#config.masterStageArn)?.prefix
  }
}

function refuse (arn: string): never {
  throw new HeadwaterError('NOT_FOUND', { message: `There is no stage ${arn}` })
}
