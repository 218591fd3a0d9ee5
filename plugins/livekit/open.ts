import type { LivekitConfig } from '../../src/config/livekit.ts'
import type { Log } from '../../src/log.ts'
import { loadOptional } from '../../src/optional-package.ts'
import type { Bucket } from './livekit/egress-output.ts'
import type { LivekitRooms } from './livekit/provider.ts'
import type { LivekitMetrics } from './metrics.ts'
import type { SigningKey } from './secret.ts'

export interface OpenLivekitOptions {
  /** With the address of the server. */
  config: LivekitConfig
  signingKey: SigningKey
  /** Where recordings go with `egressS3`. */
  bucket: Bucket
  metrics: Pick<LivekitMetrics, 'request'>
  log: Log
}

/**
 * Rooms at a LiveKit server. The SDK is loaded when this is called; the server is asked for nothing yet.
 * @throws HeadwaterError `CONFIG_INVALID` without the SDK, or for recordings that have no place
 */
export async function openLivekit ({ config, signingKey, bucket, metrics, log }: OpenLivekitOptions): Promise<LivekitRooms> {
  const { LivekitRooms } = await loadOptional(() => import('./livekit/provider.ts'), 'LIVEKIT_URL')
  return new LivekitRooms({ config, signingKey, bucket, log, onOutcome: metrics.request })
}
