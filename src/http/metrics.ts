/**
 * headwater-metrics: where the features of a scope put what they measure, for one answer to Prometheus.
 *
 * Adds the decorator `headwaterMetrics`, and counts the HTTP answers of the scope. `metricsRoute` gives them out.
 */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { Gauge, Registry } from 'prom-client'
import { Traffic } from './traffic.ts'

/** Registries of prom-client, given out as one. */
export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE
  readonly #registries: Registry[] = []

  /** @throws Error when one of its metrics has the name of another one's */
  add (registry: Registry): void {
    const names = new Set(this.#registries.flatMap(namesIn))
    const twice = namesIn(registry).filter(name => names.has(name))
    if (twice.length > 0) throw new Error(`There are metrics of these names already: ${twice.join(', ')}`)
    this.#registries.push(registry)
  }

  /** All of them, in the text exposition format. */
  async text (): Promise<string> {
    return (await Promise.all(this.#registries.map(registry => registry.metrics()))).join('\n')
  }
}

function namesIn (registry: Registry): string[] {
  return registry.getMetricsAsArray().map(({ name }) => name)
}

/**
 * A gauge that is read whenever somebody asks: `gauge(registry, 'headwater_queue', 'Jobs that wait', () => queue.length)`.
 * With labels, `read` is called for each value: see `labelledGauge`.
 */
export function gauge (registry: Registry, name: string, help: string, read: () => number): void {
  void new Gauge({ name, help, registers: [registry], collect () { this.set(read()) } })
}

/** The same with one label, whose values are known. */
export function labelledGauge<L extends string> (registry: Registry, name: string, help: string, label: string, values: readonly L[], read: (value: L) => number): void {
  void new Gauge({ name, help, labelNames: [label], registers: [registry], collect () { for (const value of values) this.set({ [label]: value }, read(value)) } })
}

declare module 'fastify' {
  interface FastifyInstance {
    headwaterMetrics: Metrics
  }
}

/** Those of this scope; a host may have something else by the name. */
export function metricsOf (app: FastifyInstance): Metrics | undefined {
  return app.hasDecorator('headwaterMetrics') && app.headwaterMetrics instanceof Metrics ? app.headwaterMetrics : undefined
}

const plugin: FastifyPluginAsync = async app => {
  // Of a scope around this one, which counts already.
  if (metricsOf(app) !== undefined) return
  const metrics = new Metrics()
  const traffic = new Traffic()
  metrics.add(traffic.registry)
  app.decorate('headwaterMetrics', metrics)
  app.addHook('onResponse', (request, reply, done) => {
    traffic.count(request, reply)
    done()
  })
}

export const metrics = fp(plugin, { name: 'headwater-metrics', fastify: '5.x' })

export interface MetricsRouteOptions {
  /** How the route is described, where not as one of the server's. */
  tag?: string
  operationId?: string
  /** What else the scope may answer, by status. */
  responses?: object
}

/** `GET /metrics`: for Prometheus. A host that has one of its own keeps it. */
export const metricsRoute: FastifyPluginAsync<MetricsRouteOptions> = async (app, { tag = 'server', operationId = 'getMetrics', responses }) => {
  if (app.hasRoute({ method: 'GET', url: `${app.prefix}/metrics` })) return
  const { headwaterMetrics } = app
  const schema = {
    tags: [tag],
    operationId,
    summary: 'What is measured, for Prometheus',
    response: { 200: { description: 'Text exposition format', content: { 'text/plain': { schema: { type: 'string' } } } }, ...responses }
  }
  app.get('/metrics', { schema }, async (_request, reply) => await reply.type(headwaterMetrics.contentType).header('cache-control', 'no-store').send(await headwaterMetrics.text()))
}
