import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import parseRange from 'range-parser'
import { HeadwaterError } from '../errors/catalogue.ts'

/** Bytes from `start` to `end`, both included. */
interface Range { start: number, end: number }

/** Something of a known size that is kept elsewhere. */
export interface Stored {
  bytes: number
  /** With its quotes. A range of another one is not asked for (`If-Range`). */
  etag: string
  /** Opens a part of it, or all; undefined: it is gone. */
  read: (range: Range) => Promise<Readable | undefined>
}

/** One range of the body (RFC 9110, 14.2): undefined for all of it. Several ranges are answered with all of it, as the RFC allows. */
function requestedRange (request: FastifyRequest, size: number): Range | undefined | 'unsatisfiable' {
  const { range: header } = request.headers
  if (header === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return undefined
  // range-parser takes the last bytes of less than that for none (RFC 9110, 14.1.2: it is all of it).
  if (size > 0 && Number(/^bytes=-(\d+)$/.exec(header)?.[1]) > size) return { start: 0, end: size - 1 }
  const ranges = parseRange(size, header)
  if (ranges === -1) return 'unsatisfiable'
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined
  return ranges[0]
}

/** Sets what a ranged answer needs. @returns the bytes to send @throws HeadwaterError `RANGE_NOT_SATISFIABLE` */
function answerRange (request: FastifyRequest, reply: FastifyReply, size: number): Range {
  reply.header('accept-ranges', 'bytes')
  const range = requestedRange(request, size)
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${size}`)
    throw new HeadwaterError('RANGE_NOT_SATISFIABLE')
  }
  if (range === undefined) return { start: 0, end: size - 1 }
  reply.header('content-range', `bytes ${range.start}-${range.end}/${size}`).code(206)
  return range
}

/** Sends a ready buffer, or the part of it that was asked for. */
export function sendBuffer (request: FastifyRequest, reply: FastifyReply, body: Buffer): FastifyReply {
  const { start, end } = answerRange(request, reply, body.length)
  return reply.send(start === 0 && end === body.length - 1 ? body : body.subarray(start, end + 1))
}

/** Sends what is kept elsewhere, or the part of it that was asked for. @throws HeadwaterError `NOT_FOUND` when it is gone */
export async function sendStored (request: FastifyRequest, reply: FastifyReply, { bytes, etag, read }: Stored): Promise<FastifyReply> {
  const { 'if-range': ifRange } = request.headers
  // A part of what it was before does not fit.
  if (ifRange !== undefined && ifRange !== etag) delete request.headers.range
  const range = answerRange(request, reply, bytes)
  const length = range.end - range.start + 1
  // Fastify sets the length of an empty body to 0, and leaves it alone where there is a stream.
  const body = length === 0 || request.method === 'HEAD' ? Readable.from([]) : await read(range)
  if (body === undefined) throw new HeadwaterError('NOT_FOUND')
  return reply.header('content-length', length).send(body)
}

/** Sends a file, or the part of it that was asked for. @throws HeadwaterError of the given code when it is not there */
export async function sendFile (request: FastifyRequest, reply: FastifyReply, path: string, missing: HeadwaterError): Promise<FastifyReply> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' || error.code === 'ENOTDIR' ? missing : error
  })
  try {
    const { size } = await file.stat()
    const { start, end } = answerRange(request, reply, size)
    const length = end - start + 1
    reply.header('content-length', length)
    if (length === 0 || request.method === 'HEAD') {
      await file.close()
      // Fastify sets the length of an empty body to 0, and leaves it alone where there is a stream.
      return reply.send(Readable.from([]))
    }
    return reply.send(createReadStream(path, { fd: file, start, end }))
  } catch (error) {
    await file.close().catch(() => {})
    throw error
  }
}
