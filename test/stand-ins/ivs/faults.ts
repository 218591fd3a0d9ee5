import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault } from '../faults.ts'
import { awsError, AwsError, errorOfStatus } from './aws-error.ts'

/** Does to a request what a fault is. @returns whether that is all that happens to it @throws AwsError */
export function suffer (fault: Fault | undefined, { socket }: IncomingMessage, response: ServerResponse): boolean {
  switch (fault?.kind) {
    case 'throttle': throw awsError('ThrottlingException', 'Rate exceeded')
    case 'status': throw fault.name === undefined ? errorOfStatus(fault.status) : new AwsError(fault.status, fault.name, fault.text ?? `The stand-in was told to answer ${fault.status}`)
    case 'drop': socket.destroy(); return true
    case 'garbage': response.setHeader('content-type', 'application/json').end(`<html>${randomBytes(8).toString('hex')}`); return true
    case 'empty': response.setHeader('content-type', 'application/json').end('{}'); return true
    case 'hang': return true
    default: return false
  }
}
