import { Counter, Registry } from 'prom-client'
import type { Outcome } from './livekit/client.ts'
import type { Operation } from './livekit/failure.ts'

/** What became of a webhook: told on; nothing that anybody wants to know; a replay; told before; not LiveKit's. */
export type WebhookOutcome = 'taken' | 'ignored' | 'old' | 'repeated' | 'refused'

/** Requests to LiveKit and webhooks of it, as Prometheus metrics. */
export class LivekitMetrics {
  readonly registry = new Registry()
  readonly #requests = new Counter({ name: 'headwater_livekit_requests_total', help: 'Requests to LiveKit, each try, by what was asked for and what came of it', labelNames: ['operation', 'outcome'], registers: [this.registry] })
  readonly #webhooks = new Counter({ name: 'headwater_livekit_webhooks_total', help: 'Webhooks of LiveKit, by what became of them', labelNames: ['outcome'], registers: [this.registry] })

  readonly request = (operation: Operation, outcome: Outcome): void => { this.#requests.inc({ operation, outcome }) }

  readonly webhook = (outcome: WebhookOutcome): void => { this.#webhooks.inc({ outcome }) }
}
