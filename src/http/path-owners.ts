/**
 * headwater-path-owners: in which API's format a request is answered that no route matches, or that cannot be read.
 *
 * Adds the decorator `pathOwners`, to which features say how they answer. Guards, limits and envelopes of routes do not
 * depend on it.
 */
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { OPEN_CORS } from './cors.ts'
import { makeErrorHandler, nothingAt } from './error-handler.ts'

/** The APIs, by the name of their contract in docs/api. */
export type Api = 'livestream' | 'live-sessions' | 'meetings' | 'livekit-rooms' | 'ivs'

/** The first that matches has it. */
const OWNERS: Array<{ api: Api, paths: RegExp }> = [
  { api: 'livestream', paths: /^\/livestream(\/|$)/ },
  { api: 'live-sessions', paths: /^\/api\/v1\/live(\/|$)/ },
  { api: 'meetings', paths: /^\/api\/v1(\/|$)/ },
  { api: 'livekit-rooms', paths: /^\/api\/(health|room|rooms|token)$|^\/api\/room\// },
  { api: 'ivs', paths: /^\/(api(\/|$)|health$)/ }
]

/** Whose path it is, whether that API is registered or not. @param path without a query, below the prefix */
export function ownerOf (path: string): Api | undefined {
  return OWNERS.find(({ paths }) => paths.test(path))?.api
}

export type AnswerError = (error: unknown, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** How the APIs that are registered answer an error. */
export class PathOwners {
  readonly #answers = new Map<Api, AnswerError>()

  /** Says how an API answers. Features of the same API say the same. */
  add (api: Api, answer: AnswerError): void {
    this.#answers.set(api, answer)
  }

  /**
   * How a path is answered; undefined where nobody who is registered owns it.
   * @param prefix of the whole server
   */
  answerFor (url: string, prefix = ''): AnswerError | undefined {
    const path = url.split('?')[0]!
    if (!path.startsWith(prefix)) return undefined
    const owner = ownerOf(path.slice(prefix.length))
    return owner === undefined ? undefined : this.#answers.get(owner)
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    pathOwners: PathOwners
  }
}

/** The one of this scope; a host may have something else by the name. */
export function pathOwnersOf (app: FastifyInstance): PathOwners | undefined {
  return app.hasDecorator('pathOwners') && app.pathOwners instanceof PathOwners ? app.pathOwners : undefined
}

const plugin: FastifyPluginAsync = async app => {
  if (pathOwnersOf(app) === undefined) app.decorate('pathOwners', new PathOwners())
}

export const pathOwners = fp(plugin, { name: 'headwater-path-owners', fastify: '5.x' })

const answerOwnerless = makeErrorHandler(error => ({ error: error.message, code: error.code }))

/** Answers an error in the format of who owns the path; `{ error, code }` where nobody does. */
export function answerAsOwner (app: FastifyInstance): AnswerError {
  return async (error, request, reply) => {
    const answer = pathOwnersOf(app)?.answerFor(request.url, app.prefix.replace(/\/$/, ''))
    return answer === undefined ? await answerOwnerless(error, request, reply.headers(OPEN_CORS)) : await answer(error, request, reply)
  }
}

/** For requests that no route matches. */
export function answerUnmatched (app: FastifyInstance): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const answer = answerAsOwner(app)
  return async (request, reply) => await answer(nothingAt(request), request, reply)
}
