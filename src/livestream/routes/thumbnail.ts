import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { namesEtag } from '../../http/etag.ts'
import type { Thumbnails } from '../../media/thumbnail/thumbnails.ts'
import type { PlaybackAccess } from '../playback-access.ts'
import { errors, media, signedQuery, streamParams, TAG } from './schemas.ts'
import { streamKeyOf } from './stream-key.ts'

export interface ThumbnailOptions {
  thumbnails: Thumbnails
  access: PlaybackAccess
}

const schema = {
  tags: [TAG],
  operationId: 'getThumbnail',
  summary: 'A picture of the stream (JPEG)',
  description: 'Made when somebody asks, at most once in THUMBNAIL_INTERVAL_SECONDS.',
  params: streamParams,
  querystring: signedQuery,
  headers: Type.Object({ 'if-none-match': Type.Optional(Type.String({ description: 'The ETag of the picture that is there already.' })) }),
  response: { 200: media('image/jpeg', 'The picture'), 304: { type: 'null', description: 'It is still that one' }, ...errors(403, 404, 503) }
}

/** `GET /:streamId/thumbnail.jpg`: a picture of the stream, for caches until the next one may be made. */
export async function thumbnail (scope: FastifyInstance, { thumbnails, access }: ThumbnailOptions): Promise<void> {
  scope.get('/:streamId/thumbnail.jpg', { ...access.guard('thumbnail'), config: { trafficClass: 'thumbnail' }, schema }, async (request, reply) => {
    const { picture, freshMs } = await thumbnails.get(streamKeyOf(request))
    const etag = `"${picture.digest}"`
    reply.headers({ etag, 'cache-control': access.cacheControl(request, Math.max(1, Math.ceil(freshMs / 1000))) })
    if (namesEtag(request.headers['if-none-match'], etag)) return await reply.code(304).send()
    return await reply.type('image/jpeg').send(picture.jpeg)
  })
}
