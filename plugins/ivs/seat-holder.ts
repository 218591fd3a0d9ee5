import type { IvsConfig } from '../../src/config/ivs.ts'
import type { Member, PresenceOptions } from '../../src/platform/state/state.ts'

interface HolderData {
  participantId: string
}

/** How somebody has a seat. @param participantId of the token for it; what was known of it stays where it is not given */
export function holding ({ heartbeatTimeoutSeconds }: Pick<IvsConfig, 'heartbeatTimeoutSeconds'>, participantId?: string): PresenceOptions {
  const data: HolderData | undefined = participantId === undefined ? undefined : { participantId }
  return { timeoutMs: heartbeatTimeoutSeconds * 1_000, keepsStay: true, ...(data === undefined ? {} : { data }) }
}

/** Empty for somebody who came without a token of ours. */
export function participantOf ({ data }: Pick<Member, 'data'>): string {
  return (data as HolderData | null)?.participantId ?? ''
}
