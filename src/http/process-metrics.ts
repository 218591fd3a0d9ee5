import { collectDefaultMetrics, Registry } from 'prom-client'

let registry: Registry | undefined

/**
 * CPU, memory, event loop, garbage collection and handles of the process. There is one for all who ask: prom-client's
 * observers cannot be taken off again. They keep no process from ending.
 */
export function processMetrics (): Registry {
  if (registry === undefined) {
    registry = new Registry()
    collectDefaultMetrics({ register: registry })
  }
  return registry
}
