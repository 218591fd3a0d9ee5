import type { FastifyReply, FastifyRequest } from 'fastify'
import { HeadwaterError } from '../../errors/catalogue.ts'
import { goneSignal } from '../../http/gone-signal.ts'
import type { PublishRequest } from '../host-hooks.ts'
import { bearer, mayPublish, type PublishAuth } from '../publish-auth.ts'

/**
 * @param userId whose stream it is about; undefined when it is nobody's in particular
 * @throws HeadwaterError `UNAUTHORIZED` when publishing needs a credential and this request has none that fits
 */
export async function requireCredential (auth: PublishAuth, request: FastifyRequest, streamKey: string, userId?: string): Promise<void> {
  if (!auth.required) return
  const publisher = await auth.check(bearer(request.headers.authorization))
  if (!mayPublish(publisher, streamKey, userId)) {
    throw new HeadwaterError('UNAUTHORIZED', { message: 'A publish credential is required: Authorization: Bearer …', streamKey })
  }
}

/** @throws HeadwaterError `UNAUTHORIZED`, `AUTHORIZATION_FAILED`, or one of the host's, when the host has a say and does not agree */
export async function requireHost (auth: PublishAuth, request: FastifyRequest, reply: FastifyReply, about: Pick<PublishRequest, 'streamKey' | 'userId' | 'action'>): Promise<void> {
  if (!auth.asksHost) return
  const { headers, ip: address } = request
  await auth.askHost({ ...about, credential: bearer(headers.authorization), address, headers }, goneSignal(reply))
}
