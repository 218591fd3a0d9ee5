/**
 * Amazon IVS Real-Time on loopback, as the SDK sees it: the REST-JSON protocol with Signature Version 4, stages,
 * sessions, participants, tokens, replication, quotas, WHIP, and events as EventBridge sends them.
 *
 * ```ts
 * const ivs = await IvsStandIn.start()              // or start(t): gone when the test ends
 * const master = ivs.createStage('master-stage')
 * const provider = await openAwsProvider({ ...config, ...ivs.settings, masterStageArn: master }, log)
 *
 * const publisher = ivs.join(token)                 // what a client does with a token; throws TokenRefused
 * publisher.publish(); publisher.unpublish(); publisher.leave()
 *
 * ivs.advance(60_000)                               // its clock, for reconnect windows and tokens; signatures have the real one
 * ivs.faults.add('CreateStage', { kind: 'lose-answer' }, 1)
 * ivs.limitRates()                                  // 5 requests a second for each operation, 50 for tokens
 * ivs.quotas.replicas = 1; ivs.skewMs = 3_600_000
 * ivs.events.listen(event => {}); ivs.events.lose(); ivs.events.repeat(2); ivs.events.hold(); ivs.events.release('reversed')
 * ivs.asked('GetStage')                             // how often it was asked, refusals included
 * ivs.watch((operation, fields) => {})              // each request as it comes, before anything is done or refused
 * await ivs.stop()
 * ```
 *
 * What AWS does not document is a guess: replication of somebody who does not publish is a `ValidationException`, lists of
 * what is not there too, a copy begins a session where there is none, and a second connection with a token ends the first.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { IvsConfig } from '../../../src/config/ivs.ts'
import { Faults } from '../faults.ts'
import { awsError, AwsError } from './aws-error.ts'
import { suffer } from './faults.ts'
import type { Fields } from './fields.ts'
import { operationsOf, type Operation } from './operations.ts'
import { PublicKeys } from './public-keys.ts'
import { AWS_QUOTAS } from './quotas.ts'
import { randomId } from './random-id.ts'
import { Replications } from './replications.ts'
import { RequestRates } from './request-rates.ts'
import { SignatureCheck, type Credentials } from './signature.ts'
import { StageEvents } from './stage-events.ts'
import { Stages, type Participant, type Session, type Stage } from './stages.ts'
import { Tokens } from './tokens.ts'
import { Whip } from './whip.ts'

export type { Fault } from '../faults.ts'
export type { StageEvent } from './stage-events.ts'
export { TokenRefused } from './tokens.ts'

const ACCOUNT = '123456789012'

export interface StandInOptions {
  region?: string
}

/** Somebody who is connected to a stage with a token. */
export interface Client {
  readonly participantId: string
  readonly userId: string
  readonly stageArn: string
  /** False when it left, was thrown out, or the stage was deleted. */
  readonly isConnected: boolean
  /** @throws Error with the code of the participant event when it may not */
  publish (): void
  unpublish (): void
  leave (): void
}

export class IvsStandIn {
  readonly region: string
  readonly faults = new Faults()
  /** A test may change them. */
  readonly quotas = { ...AWS_QUOTAS }
  /** So far ahead of the clients' clocks is the one that signatures are checked with. */
  skewMs = 0
  readonly events: StageEvents
  readonly #server: Server
  readonly #credentials: Credentials = { accessKeyId: `AKIA${randomId(16).toUpperCase()}`, secretAccessKey: randomId(40) }
  readonly #signatures: SignatureCheck
  readonly #stages: Stages
  readonly #keys: PublicKeys
  readonly #tokens: Tokens
  readonly #replications: Replications
  readonly #operations: Map<string, Operation>
  readonly #whip: Whip
  readonly #asked = new Map<string, number>()
  readonly #watchers = new Set<(operation: string, fields: Fields) => void>()
  #rates: RequestRates | undefined
  #aheadMs = 0

  private constructor ({ region = 'eu-central-1' }: StandInOptions) {
    const now = () => Date.now() + this.#aheadMs
    const prefix = `arn:aws:ivs:${region}:${ACCOUNT}`
    this.region = region
    this.#signatures = new SignatureCheck(this.#credentials, region)
    this.events = new StageEvents({ account: ACCOUNT, region }, now)
    this.#stages = new Stages(prefix, this.quotas, now)
    this.#keys = new PublicKeys(prefix, this.quotas)
    this.#tokens = new Tokens(this.#stages, this.#keys, now)
    this.#replications = new Replications(this.#stages, this.quotas, now, (change, { sourceStageArn, sourceSessionId }, participant) => {
      const stage = this.#stages.find(sourceStageArn)
      const session = stage?.sessions.get(sourceSessionId)
      if (stage !== undefined && session !== undefined) this.events.emit(`Participant Replication ${change}`, stage, session, participant)
    })
    this.#stages.watcher = {
      published: (stage, session, participant) => {
        this.#replications.published(stage, participant)
        this.events.emit('Participant Published', stage, session, participant)
      },
      unpublished: (stage, session, participant) => {
        this.#replications.unpublished(stage, participant)
        this.events.emit('Participant Unpublished', stage, session, participant)
      },
      failed: (stage, session, participant, errorCode) => this.events.emit('Participant Publish Error', stage, session, participant, errorCode),
      deleted: stage => this.#replications.deleted(stage)
    }
    this.#operations = operationsOf({ stages: this.#stages, tokens: this.#tokens, keys: this.#keys, replications: this.#replications, now, whipOf: id => `${this.url}/whip/${id}` })
    this.#whip = new Whip(token => this.join(token))
    this.#server = createServer((request, response) => {
      void this.#answer(request, response).catch(() => response.destroy())
    })
  }

  static async start (t?: Test, options: StandInOptions = {}): Promise<IvsStandIn> {
    const standIn = new IvsStandIn(options)
    standIn.#server.listen(0, '127.0.0.1')
    await once(standIn.#server, 'listening')
    t?.teardown(() => standIn.stop())
    return standIn
  }

  async stop (): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  get url (): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** What a client needs to know, but for the master stage. */
  get settings (): Pick<IvsConfig, 'region' | 'endpoint' | 'accessKeyId' | 'secretAccessKey' | 'whipEndpoint'> {
    return { region: this.region, endpoint: this.url, ...this.#credentials, whipEndpoint: `${this.url}/whip` }
  }

  /** As somebody else in the account would make it. @returns its ARN */
  createStage (name: string, tags: Record<string, string> = {}): string {
    return this.#stages.create(name, tags, id => `${this.url}/whip/${id}`).arn
  }

  /** Of what there is now. */
  stage (arn: string): { name: string, tags: Record<string, string>, activeSessionId?: string, connected: number } | undefined {
    const stage = this.#stages.find(arn)
    return stage === undefined
      ? undefined
      : { name: stage.name, tags: { ...stage.tags }, connected: stage.active?.connected ?? 0, ...(stage.active === undefined ? {} : { activeSessionId: stage.active.sessionId }) }
  }

  get stageArns (): string[] {
    return this.#stages.all().map(({ arn }) => arn)
  }

  /** Destinations that a participant is copied to now. */
  replicas (source: string, participantId: string): string[] {
    this.#replications.settle()
    return this.#replications.of(source, participantId).filter(({ isActive }) => isActive).map(({ destinationStageArn }) => destinationStageArn)
  }

  /** @param material PEM @returns its ARN */
  importPublicKey (material: string): string {
    return this.#keys.import(material, '').arn
  }

  deletePublicKey (arn: string): void {
    this.#keys.delete(arn)
  }

  /** @throws TokenRefused */
  join (token: string): Client {
    this.#replications.settle()
    const { claims, stage } = this.#tokens.check(token)
    const participant = this.#stages.join(stage, claims)
    return clientOf(this.#stages, stage, stage.active!, participant, claims.mayPublish)
  }

  limitRates (): void {
    this.#rates = new RequestRates()
  }

  /** Moves its clock on. */
  advance (ms: number): void {
    this.#aheadMs += ms
    this.#replications.settle()
  }

  /** @param operation without it all of them */
  asked (operation?: string): number {
    return operation === undefined ? [...this.#asked.values()].reduce((sum, count) => sum + count, 0) : this.#asked.get(operation) ?? 0
  }

  /** @returns an end to it */
  watch (watcher: (operation: string, fields: Fields) => void): () => void {
    this.#watchers.add(watcher)
    return () => { this.#watchers.delete(watcher) }
  }

  async #answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    if (this.#whip.answer(request, response, body)) return
    const { operation, fields } = askedFor(request, body)
    response.setHeader('date', new Date(Date.now() + this.skewMs).toUTCString())
    this.#asked.set(operation, this.asked(operation) + 1)
    const fault = this.faults.take(operation)
    try {
      for (const watcher of this.#watchers) watcher(operation, fields())
      if (suffer(fault, request, response)) return
      this.#signatures.check({ method: request.method!, url: request.url!, headers: request.headers, body }, Date.now() + this.skewMs)
      this.#rates?.take(operation)
      const run = this.#operations.get(operation)
      if (run === undefined) throw awsError('UnknownOperationException', `There is no operation ${operation}`)
      this.#replications.settle()
      const answer = run(fields())
      if (fault?.kind === 'lose-answer') request.socket.destroy()
      else send(response, 200, answer ?? undefined)
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      response.setHeader('x-amzn-errortype', `${error.name}:http://internal.amazon.com/coral/com.amazonaws.ivs/`)
      send(response, error.status, { exceptionMessage: error.message })
    }
  }
}

function clientOf (stages: Stages, stage: Stage, session: Session, participant: Participant, mayPublish: boolean): Client {
  const isConnected = () => participant.isConnected && stage.active === session
  return {
    participantId: participant.participantId,
    userId: participant.userId,
    stageArn: stage.arn,
    get isConnected () { return isConnected() },
    publish () {
      const errorCode = stages.publish(stage, participant.participantId, mayPublish)
      if (errorCode !== undefined) throw new Error(errorCode)
    },
    unpublish () { stages.unpublish(stage, participant.participantId) },
    leave () { if (isConnected()) stages.leave(stage, participant.participantId) }
  }
}

async function bodyOf (request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

const TAGGING: Record<string, string> = { GET: 'ListTagsForResource', POST: 'TagResource', DELETE: 'UntagResource' }

/** Operations are paths, but for those on tags, whose path is a resource. */
function askedFor ({ method = '', url = '' }: IncomingMessage, body: Buffer): { operation: string, fields: () => Fields } {
  const [path = '', query = ''] = url.split('?')
  const json = () => {
    try {
      return Object(body.length === 0 ? {} : JSON.parse(body.toString())) as Fields
    } catch {
      throw awsError('ValidationException', 'The body is no JSON')
    }
  }
  if (!path.startsWith('/tags/')) return { operation: method === 'POST' ? path.slice(1) : `${method} ${path}`, fields: json }
  const tagKeys = new URLSearchParams(query).getAll('tagKeys')
  return { operation: TAGGING[method] ?? `${method} /tags`, fields: () => ({ ...json(), resourceArn: decodeURIComponent(path.slice('/tags/'.length)), tagKeys }) }
}

function send (response: ServerResponse, status: number, body: object | undefined): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': randomId(16) }).end(body === undefined ? '' : JSON.stringify(body))
}
