/**
 * headwater-health: whether the server lives, and whether it can do its work. Two questions: who does not live has to
 * be started anew; who is not ready gets no new work, and a restart would not help.
 *
 * Adds the decorator `headwaterHealth`, to which features add their checks. `healthRoutes` answers with them.
 */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from 'typebox'

/** Why something is not ready, for whoever runs the server; undefined when it is. No path, key or secret: anybody may ask. */
export type Check = () => string | undefined | Promise<string | undefined>

export interface Failing {
  check: string
  reason: string
}

/** A word on something without which the server goes on. As public as a reason. */
export type Detail = () => string

/** What has to be in order before this server gets work. */
export class Health {
  /** From the moment on at which the server begins to close. */
  isClosing = false
  readonly #checks = new Map<string, Check>()
  readonly #details = new Map<string, Detail>()

  /** @throws Error when a check has the name already */
  add (name: string, check: Check): void {
    if (this.#checks.has(name)) throw new Error(`There is a check of this name already: ${name}`)
    this.#checks.set(name, check)
  }

  /** Adds something worth knowing that never makes the server unready. @throws Error when there is something by the name already */
  tell (name: string, detail: Detail): void {
    if (this.#details.has(name)) throw new Error(`There is a detail of this name already: ${name}`)
    this.#details.set(name, detail)
  }

  details (): Record<string, string> {
    return Object.fromEntries([...this.#details].map(([name, detail]) => [name, detail()]))
  }

  /** What is not in order at present. A check that throws is not. */
  async failing (): Promise<Failing[]> {
    const answers = await Promise.all([...this.#checks].map(async ([check, ask]) => {
      try {
        return { check, reason: await ask() }
      } catch {
        return { check, reason: 'It could not be found out' }
      }
    }))
    return answers.filter((answer): answer is Failing => answer.reason !== undefined)
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    headwaterHealth: Health
  }
}

/** The one of this scope; a host may have something else by the name. */
export function healthOf (app: FastifyInstance): Health | undefined {
  return app.hasDecorator('headwaterHealth') && app.headwaterHealth instanceof Health ? app.headwaterHealth : undefined
}

const plugin: FastifyPluginAsync = async app => {
  if (healthOf(app) !== undefined) return
  const health = new Health()
  health.add('server', () => health.isClosing ? 'The server is closing' : undefined)
  app.decorate('headwaterHealth', health)
  // Before whatever features do then: whoever sends work here learns of it while connections are still taken.
  app.addHook('preClose', async () => { health.isClosing = true })
}

export const health = fp(plugin, { name: 'headwater-health', fastify: '5.x' })

const livezSchema = {
  tags: ['server'],
  operationId: 'getLiveness',
  summary: 'Whether the process answers: if not, it has to be started anew',
  response: { 200: Type.Object({ status: Type.Literal('alive') }, { description: 'It does' }) }
}

const readiness = Type.Object({
  status: Type.Enum(['ready', 'not ready']),
  failing: Type.Array(Type.Object({ check: Type.String(), reason: Type.String() }), { description: 'What is not in order.' }),
  details: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'What else is worth knowing: `state` is `connected`, or `disconnected` while the server goes on without Redis.' }))
})

const readyzSchema = {
  tags: ['server'],
  operationId: 'getReadiness',
  summary: 'Whether it can take work: if not, send it none',
  response: { 200: { ...readiness, description: 'It can' }, 503: { ...readiness, description: 'It cannot, and why' } }
}

/** `GET /livez` and `GET /readyz`. A host that has one of them keeps it. */
export const healthRoutes: FastifyPluginAsync = async app => {
  const { headwaterHealth } = app
  app.addHook('onRequest', async (_request, reply) => { reply.header('cache-control', 'no-store') })
  const isFree = (path: string) => !app.hasRoute({ method: 'GET', url: `${app.prefix}${path}` })

  if (isFree('/livez')) app.get('/livez', { schema: livezSchema }, async () => ({ status: 'alive' }))

  if (isFree('/readyz')) {
    app.get('/readyz', { schema: readyzSchema }, async (_request, reply) => {
      const failing = await headwaterHealth.failing()
      const details = headwaterHealth.details()
      return await reply.code(failing.length === 0 ? 200 : 503).send({
        status: failing.length === 0 ? 'ready' : 'not ready',
        failing,
        ...(Object.keys(details).length > 0 ? { details } : {})
      })
    })
  }
}
