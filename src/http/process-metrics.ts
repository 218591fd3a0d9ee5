import { collectDefaultMetrics, Registry } from 'prom-client'

/** How closely the event loop is watched, in milliseconds. Each look wakes the process: at prom-client's 10 an idle server takes 1 % of a core for it. */
const EVENT_LOOP_PRECISION_MS = 100

let registry: Registry | undefined

/**
 * CPU, memory, event loop, garbage collection and handles of the process. There is one for all who ask: prom-client's
 * observers cannot be taken off again. They keep no process from ending.
 */
export function processMetrics (): Registry {
  if (registry === undefined) {
    registry = new Registry()
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS })
  }
  return registry
}
