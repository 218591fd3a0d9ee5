import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault } from '../faults.ts'
import type { Answer, Message } from './room-service.ts'
import { errorOfStatus, TwirpError } from './twirp-error.ts'

/** Twirp in Go writes names with underscores, and every field. */
const AS_TWIRP = { useProtoFieldName: true, emitDefaultValues: true }

export function sendAnswer (response: ServerResponse, answer: Answer): void {
  sendJson(response, 200, isMessage(answer) ? answer.toJson(AS_TWIRP) : Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, Array.isArray(value) ? value.map(written) : written(value)])))
}

/** The SDK takes an error for JSON where the type is this alone. */
export function sendError (response: ServerResponse, { status, code, message }: TwirpError): void {
  sendJson(response, status, { code, msg: message })
}

/** Does to a request what a fault is. @returns whether that is all that happens to it @throws TwirpError */
export function suffer (fault: Fault | undefined, { socket }: IncomingMessage, response: ServerResponse): boolean {
  switch (fault?.kind) {
    case 'throttle': throw new TwirpError('resource_exhausted', 'rate limit exceeded')
    case 'status': throw errorOfStatus(fault.status, fault.text ?? `The stand-in was told to answer ${fault.status}`)
    case 'drop': socket.destroy(); return true
    case 'garbage': response.setHeader('content-type', 'application/json').end(`<html>${randomBytes(8).toString('hex')}`); return true
    case 'empty': sendJson(response, 200, {}); return true
    case 'hang': return true
    default: return false
  }
}

function isMessage (answer: Answer): answer is Message {
  return 'toJson' in answer && typeof answer.toJson === 'function'
}

function written (message: Message): unknown {
  return message.toJson(AS_TWIRP)
}

function sendJson (response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
