import type { FastifyReply, FastifyRequest } from 'fastify'
import { Counter, Registry } from 'prom-client'

/** What a request is for; a route says so in its `config`, else it is `other`. */
export const TRAFFIC_CLASSES = ['playlist', 'segment', 'thumbnail', 'status', 'control', 'page', 'other'] as const

export type TrafficClass = typeof TRAFFIC_CLASSES[number]

declare module 'fastify' {
  interface FastifyContextConfig {
    trafficClass?: TrafficClass
  }
}

/** By the first digit of the status. */
const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const

interface Tally { answers: number, seconds: number, bytes: number }

/** HTTP answers by class. Counted in plain numbers: Prometheus' labels are worked out when somebody asks, not with every request. */
export class Traffic {
  readonly registry = new Registry()
  readonly #tallies = Object.fromEntries(TRAFFIC_CLASSES.map(name => [name, STATUS_CLASSES.map((): Tally => ({ answers: 0, seconds: 0, bytes: 0 }))])) as Record<TrafficClass, Tally[]>

  constructor () {
    this.#counter('headwater_http_requests_total', 'Answered HTTP requests, by what they were for and the class of the status', 'answers')
    this.#counter('headwater_http_request_seconds_total', 'Time until they were answered, all together', 'seconds')
    this.#counter('headwater_http_response_bytes_total', 'Bytes of their bodies', 'bytes')
  }

  /** Counts an answer that went out whole. */
  count (request: FastifyRequest, reply: FastifyReply): void {
    const tally = this.#tallies[request.routeOptions.config.trafficClass ?? 'other'][Math.floor(reply.statusCode / 100) - 1]
    if (tally === undefined) return
    tally.answers++
    tally.seconds += reply.elapsedTime / 1000
    if (request.method !== 'HEAD') tally.bytes += Number(reply.getHeader('content-length') ?? 0)
  }

  #counter (name: string, help: string, what: keyof Tally): void {
    const tallies = this.#tallies
    // prom-client calls `collect` as a method of the counter, whenever it is asked.
    void new Counter({
      name,
      help,
      labelNames: ['class', 'status'],
      registers: [this.registry],
      collect () {
        this.reset()
        for (const trafficClass of TRAFFIC_CLASSES) {
          for (const [index, status] of STATUS_CLASSES.entries()) {
            const tally = tallies[trafficClass][index]!
            if (tally.answers > 0) this.inc({ class: trafficClass, status }, tally[what])
          }
        }
      }
    })
  }
}
