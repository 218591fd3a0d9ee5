import type { FastifyInstance } from 'fastify'
import { namesEtag } from '../../http/etag.ts'
import type { Thumbnails } from '../../media/thumbnail/thumbnails.ts'
import { streamKeyOf } from './stream-key.ts'

export interface ThumbnailOptions {
  thumbnails: Thumbnails
}

/** `GET /:streamId/thumbnail.jpg`: a picture of the stream, for caches until the next one may be made. */
export async function thumbnail (scope: FastifyInstance, { thumbnails }: ThumbnailOptions): Promise<void> {
  scope.get('/:streamId/thumbnail.jpg', { config: { trafficClass: 'thumbnail' } }, async (request, reply) => {
    const { picture, freshMs } = await thumbnails.get(streamKeyOf(request))
    const etag = `"${picture.digest}"`
    reply.headers({ etag, 'cache-control': `public, max-age=${Math.max(1, Math.ceil(freshMs / 1000))}` })
    if (namesEtag(request.headers['if-none-match'], etag)) return await reply.code(304).send()
    return await reply.type('image/jpeg').send(picture.jpeg)
  })
}
