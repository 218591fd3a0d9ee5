import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { awsError, AwsError, errorOfStatus } from './aws-error.ts'

/**
 * What goes wrong with a request. `throttle`: 429; `status`: that one, with the name of an error or the one that goes
 * with it; `hang`: no answer; `garbage`: 200 and no JSON; `empty`: 200 and nothing in it; `drop`: the connection ends
 * before anything was done; `lose-answer`: it is done, and then the connection ends.
 */
export type Fault =
  | { kind: 'throttle' | 'hang' | 'garbage' | 'empty' | 'drop' | 'lose-answer' }
  | { kind: 'status', status: number, name?: string, text?: string }

interface Planned {
  operation: string
  fault: Fault
  times: number
}

/** Faults that were asked for, the first one that fits first. */
export class Faults {
  readonly #planned: Planned[] = []

  /**
   * @param operation its name, or `*` for every one
   * @param times how often; without it until the end
   * @returns an end to it
   */
  add (operation: string, fault: Fault, times = Infinity): () => void {
    const planned = { operation, fault, times }
    this.#planned.push(planned)
    return () => this.#remove(planned)
  }

  clear (): void {
    this.#planned.length = 0
  }

  take (operation: string): Fault | undefined {
    const planned = this.#planned.find(({ operation: of }) => of === '*' || of === operation)
    if (planned === undefined) return undefined
    if (--planned.times <= 0) this.#remove(planned)
    return planned.fault
  }

  #remove (planned: Planned): void {
    const index = this.#planned.indexOf(planned)
    if (index >= 0) this.#planned.splice(index, 1)
  }
}

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
