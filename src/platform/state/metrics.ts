import { Counter, Registry } from 'prom-client'
import { gauge } from '../../http/metrics.ts'
import type { State } from './state.ts'

/** What a server knows of the state, as Prometheus metrics. */
export function stateMetrics (state: State): Registry {
  const registry = new Registry()
  gauge(registry, 'headwater_state_connected', '1 when the shared state can be reached, 0 while this server goes on by itself', () => state.connection === 'connected' ? 1 : 0)
  gauge(registry, 'headwater_state_members', 'Members in all places that this server has seen', () => state.figures().members)
  gauge(registry, 'headwater_state_limit_keys', 'Keys whose rate limits this server counts', () => state.figures().limitKeys)
  void new Counter({
    name: 'headwater_state_alone_total',
    help: 'Questions that this server answered by itself because the shared state was away',
    registers: [registry],
    collect () {
      this.reset()
      this.inc(state.figures().answeredAlone)
    }
  })
  return registry
}
