/**
 * What goes over `/ws`, in JSON: `stats` as the contract has it (docs/api/ivs.md 11), `operations` is added. Dates are
 * ISO 8601.
 */
import type { ScalingAction } from './scaling/decision.ts'
import type { MediaPath, StagePhase, StageRole } from './stage.ts'

/** `operations` tells more than is public: it is for who has the API key. */
export const CHANNELS = ['stats', 'operations'] as const

export type Channel = typeof CHANNELS[number]

export type ClientMessage =
  | { action: 'subscribe', channel: 'operations', apiKey?: string }
  | { action: 'subscribe', channel: 'stats' }
  | { action: 'unsubscribe', channel: Channel }

export type ServerMessage = StatsUpdate | OperationsUpdate | LiveError

export interface StatsUpdate {
  type: 'stats_update'
  data: Totals
}

export interface OperationsUpdate {
  type: 'operations_update'
  data: Operations
}

export interface LiveError {
  type: 'error'
  error: { code: string, message: string, details?: object }
}

export interface Totals {
  totalViewers: number
  activeStages: number
  isPublisherLive: boolean
  /** When they were counted. */
  timestamp: string
}

/** What whoever runs the stages wants to see at a glance. */
export interface Operations extends Totals {
  publisher: {
    isLive: boolean
    /** Nothing is known yet: `isLive` says nothing. */
    isUnknown?: true
    participantId?: string
    sessionId?: string
    /** When this was found out. */
    asOf: string
    source: 'poll' | 'event'
  }
  /** The master first, then by age. */
  stages: StageOperation[]
  maxStages: number
  /** Of the autoscaler, newest first. */
  decisions: Decision[]
  /** The next message comes within so many seconds. */
  everySeconds: number
}

export interface StageOperation {
  stageArn: string
  name: string
  role: StageRole
  phase: StagePhase
  mediaPath: MediaPath
  viewerCount: number
  seats: number
  createdAt: string
}

export interface Decision {
  at: string
  action: ScalingAction
  stageName?: string
  stageArn?: string
  reason: string
  /** Why it failed; absent where it did not. */
  problem?: string
}
