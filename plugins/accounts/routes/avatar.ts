import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { codedAnswer } from '../../../src/http/coded-envelope.ts'
import { coded, codedErrors } from '../../../src/http/coded-schemas.ts'
import { perHour, perMinute } from '../../../src/http/endpoint-limit.ts'
import { AVATAR_TYPE } from '../avatars.ts'
import type { Accounts } from '../core.ts'
import { readFormFile } from '../uploaded-file.ts'
import { changeUser, findUser } from '../users.ts'
import { accountHeaders, TAG } from './schemas.ts'

const FIELDS = ['avatar', 'file']
/** What a form has beside the file. */
const FORM_BYTES = 65_536

const uploadSchema = {
  tags: [TAG],
  operationId: 'uploadAvatar',
  summary: 'Uploads a picture for the own account',
  description: 'PNG, JPEG, GIF or WebP. It is made square and kept as WebP, without anything else that was in the file.',
  headers: accountHeaders,
  consumes: ['multipart/form-data'],
  body: Type.Object({
    avatar: Type.Optional(Type.String({ format: 'binary' })),
    file: Type.Optional(Type.String({ format: 'binary', description: 'The same, by another name.' }))
  }),
  response: {
    200: coded(Type.Object({ avatar_url: Type.String() }), 'It is in use'),
    ...codedErrors([401, 403, 413, 415], { 400: 'There is no file, or no picture that can be used (3001)' })
  }
}

const pictureSchema = {
  tags: [TAG],
  operationId: 'getAvatar',
  summary: 'A picture of an account',
  params: Type.Object({ name: Type.String() }),
  response: { 200: { description: 'The picture', content: { [AVATAR_TYPE]: { schema: { type: 'string', format: 'binary' } } } }, ...codedErrors([404, 414]) }
}

/** A picture and nothing else, whatever a browser takes it for; the name never means another one. */
const PICTURE_HEADERS = {
  'cache-control': 'public, max-age=31536000, immutable',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  'cross-origin-resource-policy': 'cross-origin'
}

/** `POST /upload-avatar`, below `/api/v1/users`. */
export const avatarUpload: FastifyPluginAsync<{ accounts: Accounts }> = async (scope, { accounts }) => {
  const { orm, avatars, config: { maxAvatarBytes } } = accounts
  scope.addContentTypeParser('multipart/form-data', (_request, body, done) => { done(null, body) })

  scope.post('/upload-avatar', {
    ...accounts.endpoint('upload-avatar', perHour(10), 'account'),
    schema: uploadSchema,
    bodyLimit: maxAvatarBytes + FORM_BYTES,
    // The body is a stream.
    validatorCompiler: () => () => true
  }, async request => {
    if (!request.headers['content-type']?.startsWith('multipart/form-data')) throw new HeadwaterError('UNSUPPORTED_MEDIA_TYPE', { message: 'The picture comes in a form: multipart/form-data' })
    const upload = await readFormFile(request, { fields: FIELDS, maxBytes: maxAvatarBytes })
    const { id } = request.account!
    const avatarName = await avatars.add(id, upload)
    const before = await findUser(orm, id)
    const user = await changeUser(orm, id, { avatarName, avatarAddress: '' })
    if (before !== undefined && before.avatarName !== avatarName) await avatars.remove(before.avatarName)
    return codedAnswer(request, { avatar_url: accounts.avatarUrlOf(user) })
  })
}

/** `/api/v1/avatars/:name`: for everybody, since pages cannot send a token with a picture. */
export const avatarFiles: FastifyPluginAsync<{ accounts: Accounts }> = async (scope, { accounts }) => {
  scope.get<{ Params: { name: string } }>('/:name', { ...accounts.endpoint('avatar', perMinute(1_000), 'anyone'), schema: pictureSchema }, async (request, reply) => {
    const picture = await accounts.avatars.get(request.params.name)
    if (picture === undefined) throw new HeadwaterError('NOT_FOUND', { message: 'There is no such picture' })
    return await reply.headers({ ...PICTURE_HEADERS, 'content-length': picture.bytes }).type(AVATAR_TYPE).send(picture.body)
  })
}
