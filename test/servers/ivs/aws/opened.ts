import type { Test } from 'tap'
import { openAwsProvider } from '../../../../plugins/ivs/aws/provider.ts'
import { CAPABILITIES, type StageProvider, type TokenRole } from '../../../../plugins/ivs/provider.ts'
import type { IvsConfig } from '../../../../src/config/ivs.ts'
import { completeIvsOptions } from '../../../../src/config/load.ts'
import { Told } from '../../../fixtures/told.ts'
import { IvsStandIn, type Client } from '../../../stand-ins/ivs/stand-in.ts'

export interface Opened {
  ivs: IvsStandIn
  /** ARN of the master stage. */
  master: string
  provider: StageProvider
  told: Told
  /** Somebody with a token from the provider. */
  join (role: TokenRole, userId: string, stageArn?: string): Promise<Client>
}

/** Quick where it waits, and as many requests as one likes. */
const SETTINGS: Partial<IvsConfig> = { retryMs: 1, requestMs: 2_000, requestsPerSecond: 10_000, tokensPerSecond: 10_000 }

/** A provider at a service of its own, with a master stage; gone when the test ends. */
export async function opened (t: Test, settings: Partial<IvsConfig> = {}, ivs?: IvsStandIn): Promise<Opened> {
  const service = ivs ?? await IvsStandIn.start(t)
  const master = service.createStage('master-stage', { Environment: 'production', Installation: 'headwater' })
  const told = new Told()
  const provider = await openAwsProvider(completeIvsOptions({ ...SETTINGS, ...service.settings, masterStageArn: master, ...settings }), told)
  t.teardown(() => provider.close())
  return {
    ivs: service,
    master,
    provider,
    told,
    async join (role, userId, stageArn = master) {
      return service.join((await provider.issueToken({ stage: { arn: stageArn, endpoints: {} }, role, userId, lifeSeconds: 3_600 })).token)
    }
  }
}

export const ROLES = Object.keys(CAPABILITIES) as TokenRole[]
