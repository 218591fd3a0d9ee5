import {
  CreateParticipantTokenCommand, CreateStageCommand, DeleteStageCommand, GetPublicKeyCommand, GetStageCommand, IVSRealTimeClient,
  ListParticipantEventsCommand, ListParticipantReplicasCommand, ListParticipantsCommand, ListStagesCommand,
  StartParticipantReplicationCommand, StopParticipantReplicationCommand
} from '@aws-sdk/client-ivs-realtime'
import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { IvsConfig } from '../../../src/config/ivs.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { Log } from '../../../src/log.ts'
import { retryDelay } from '../../../src/retry-delay.ts'
import { AwsFailure } from './failure.ts'
import type { Input, Operation, Operations, Output } from './operations.ts'
import { RequestTurns, type TurnSettings } from './request-turns.ts'

export type ClientSettings = TurnSettings & Pick<IvsConfig, 'region' | 'endpoint' | 'accessKeyId' | 'secretAccessKey' | 'requestMs' | 'attempts' | 'retryMs'>

const COMMANDS: { [O in Operation]: new (input: Operations[O][0]) => object } = {
  CreateParticipantToken: CreateParticipantTokenCommand,
  CreateStage: CreateStageCommand,
  DeleteStage: DeleteStageCommand,
  GetPublicKey: GetPublicKeyCommand,
  GetStage: GetStageCommand,
  ListParticipantEvents: ListParticipantEventsCommand,
  ListParticipantReplicas: ListParticipantReplicasCommand,
  ListParticipants: ListParticipantsCommand,
  ListStages: ListStagesCommand,
  StartParticipantReplication: StartParticipantReplicationCommand,
  StopParticipantReplication: StopParticipantReplicationCommand
}

/** Requests to AWS: each in its turn, with a time-out, and again where that makes sense. */
export class AwsClient {
  readonly #settings: ClientSettings
  readonly #log: Log
  readonly #sdk: IVSRealTimeClient
  readonly #turns: RequestTurns
  readonly #closing = new AbortController()

  constructor (settings: ClientSettings, log: Log) {
    const { region, endpoint, accessKeyId, secretAccessKey } = settings
    this.#settings = settings
    this.#log = log
    this.#turns = new RequestTurns(settings)
    this.#sdk = new IVSRealTimeClient({
      region,
      // What is tried again, and when, is decided here.
      maxAttempts: 1,
      ...(endpoint === '' ? {} : { endpoint }),
      ...(accessKeyId === '' ? {} : { credentials: { accessKeyId, secretAccessKey } })
    })
    // As many requests as there are listen to it.
    setMaxListeners(0, this.#closing.signal)
  }

  /**
   * @throws AwsFailure
   * @throws HeadwaterError `STAGES_UNAVAILABLE` when too many wait already
   */
  async send<O extends Operation> (operation: O, input: Input<O>): Promise<Output<O>> {
    const { signal } = this.#closing
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#turns.take(operation, signal)
        return await this.#once(operation, input)
      } catch (error) {
        if (error instanceof HeadwaterError) throw error
        const failure = new AwsFailure(operation, error)
        if (!this.#mayRepeat(failure, attempt)) throw failure
        const waitMs = Math.round(retryDelay(this.#settings.retryMs, attempt, Math.random()))
        this.#log.debug({ operation, attempt, reason: failure.reason, waitMs }, 'a request to AWS is tried again')
        await delay(waitMs, undefined, { signal }).catch(() => { throw failure })
      }
    }
  }

  /** Requests that are under way fail. */
  close (): void {
    this.#closing.abort()
    this.#sdk.destroy()
  }

  #mayRepeat ({ operation, kind, isRepeatable }: AwsFailure, attempt: number): boolean {
    if (this.#closing.signal.aborted || attempt >= this.#settings.attempts) return false
    // Names are not unique: a second one might be a second stage.
    return isRepeatable && (operation !== 'CreateStage' || kind === 'throttled')
  }

  async #once<O extends Operation> (operation: O, input: Input<O>): Promise<Output<O>> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#settings.requestMs)])
    // Where the SDK looks for a key by itself, it listens to no signal.
    return await Promise.race([this.#sdk.send(new COMMANDS[operation](input) as never, { abortSignal: signal }), aborted(signal)]) as Output<O>
  }
}

async function aborted (signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
