import type { FastifyRequest } from 'fastify'
import { HeadwaterError } from '../../errors/catalogue.ts'
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
