import type { IncomingMessage } from 'node:http'
import { Busboy, type BusboyInstance } from '@fastify/busboy'
import type { FastifyRequest } from 'fastify'
import { HeadwaterError } from '../../src/errors/catalogue.ts'

/** Fields beside the file are read over; so many of so many bytes. */
const MAX_FIELDS = 20
const MAX_FIELD_BYTES = 10_000
const MAX_HEADERS = 20

export interface FileOptions {
  /** The field may have any of these names. */
  fields: readonly string[]
  maxBytes: number
}

/**
 * The file of a form (multipart/form-data), in memory.
 * @throws HeadwaterError `PAYLOAD_TOO_LARGE`, `UPLOAD_FAILED` when there is none
 */
export async function readFormFile (request: FastifyRequest, { fields, maxBytes }: FileOptions): Promise<Buffer> {
  const body = request.body as IncomingMessage
  const pieces: Buffer[] = []
  let found = false
  let tooLarge = false
  const form = openForm(request, maxBytes)
  form.on('file', (name, file) => {
    if (found || !fields.includes(name)) {
      file.resume()
      return
    }
    found = true
    file.on('data', (piece: Buffer) => { pieces.push(piece) })
    file.on('limit', () => {
      tooLarge = true
      pieces.length = 0
    })
  })
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: unknown) => reject(new HeadwaterError('UPLOAD_FAILED', { message: 'The form cannot be read', cause }))
    form.on('finish', resolve)
    form.on('error', fail)
    body.on('error', fail)
    // The client is gone before its end.
    body.on('close', () => { if (!body.readableEnded) fail(new Error('The upload was cut off')) })
    body.pipe(form)
  }).finally(() => {
    body.unpipe(form)
    body.resume()
  })
  if (tooLarge) throw new HeadwaterError('PAYLOAD_TOO_LARGE', { message: `The file has more than ${maxBytes} bytes` })
  if (!found) throw new HeadwaterError('UPLOAD_FAILED', { message: `The form has no file in a field ${fields.join(' or ')}` })
  return Buffer.concat(pieces)
}

function openForm ({ headers }: FastifyRequest, maxBytes: number): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': headers['content-type'] ?? '' },
      limits: { files: 1, fileSize: maxBytes, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, parts: MAX_FIELDS + 1, headerPairs: MAX_HEADERS }
    })
  } catch (cause) {
    throw new HeadwaterError('UPLOAD_FAILED', { message: 'The form has no boundary', cause })
  }
}
