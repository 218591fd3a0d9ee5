import type { FastifyReply, FastifyRequest } from 'fastify'
import { HeadwaterError } from '../../errors/catalogue.ts'
import { goneSignal } from '../../http/gone-signal.ts'
import type { PublishRequest } from '../host-hooks.ts'
import { bearer, mayPublish, type PublishAuth } from '../publish-auth.ts'
import { isStranger } from '../stranger.ts'

/**
 * @param userId whose stream it is about; undefined when it is nobody's in particular
 * @throws HeadwaterError `UNAUTHORIZED` when publishing needs a credential and this request has none that fits
 */
export async function requireCredential (auth: PublishAuth, request: FastifyRequest, streamKey: string, userId?: string): Promise<void> {
  if (!auth.requires(streamKey)) return
  const publisher = await auth.check(bearer(request.headers.authorization))
  if (!mayPublish(publisher, streamKey, userId)) {
    throw new HeadwaterError('UNAUTHORIZED', { message: 'A publish credential is required: Authorization: Bearer …', streamKey })
  }
}

/** @throws HeadwaterError `UNAUTHORIZED`, `AUTHORIZATION_FAILED`, or one of its own, when the host, or the feature whose the stream is, has a say and does not agree */
export async function requireHost (auth: PublishAuth, request: FastifyRequest, reply: FastifyReply, about: Pick<PublishRequest, 'streamKey' | 'userId' | 'action'>): Promise<void> {
  if (!auth.asksHost(about.streamKey)) return
  const { headers, ip: address } = request
  await auth.askHost({ ...about, credential: bearer(headers.authorization), address, headers }, goneSignal(reply))
}

/**
 * The same where a stranger to a feature's stream shall not learn whether it is there.
 * @returns whether they are one
 * @throws HeadwaterError as `requireHost` does, of streams that are no feature's
 */
export async function isStrangerTo (auth: PublishAuth, request: FastifyRequest, reply: FastifyReply, about: Pick<PublishRequest, 'streamKey' | 'userId' | 'action'>): Promise<boolean> {
  const asked = requireHost(auth, request, reply, about)
  if (auth.isReserved(about.streamKey)) return await isStranger(asked)
  await asked
  return false
}
