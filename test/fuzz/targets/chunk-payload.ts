import fc from 'fast-check'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { readData, readEnd, readJoin, readLeave, readStart } from '../../../src/livestream/gateway/payload.ts'
import { isStreamKey } from '../../../src/media/stream-key.ts'
import { build, describedValue, type Described } from '../inputs/described-value.ts'
import { must, withoutSetup, type FuzzTarget } from '../target.ts'

const FIELDS = ['streamKey', 'userId', 'resumeToken', 'chunk', 'seq']
const MAX_USER_ID = 256
/** Over the wire a payload is JSON with buffers in it: no getters and no proxies. */
const anything = describedValue(FIELDS)

/** Likely enough to get past the first checks. */
const near: fc.Arbitrary<Described> = fc.record({
  is: fc.constant('object' as const),
  prototype: fc.constant('object' as const),
  entries: fc.tuple(
    fc.constant<[string, Described]>(['streamKey', { is: 'plain', value: 'key' }]),
    ...FIELDS.map(name => fc.tuple(fc.constant(name), anything)),
    fc.tuple(fc.constantFrom('seq', 'userId', 'chunk'), fc.constantFrom<Described>(
      { is: 'number', value: 0 }, { is: 'plain', value: null }, { is: 'plain', value: 'somebody' }, { is: 'bytes', bytes: Uint8Array.of(1), as: 'buffer' }, { is: 'number', value: 2 ** 53 }, { is: 'number', value: -0 }
    ))
  ).chain(entries => fc.shuffledSubarray(entries))
})

const isAbsent = (value: unknown) => value === undefined || value === null
const isText = (value: unknown) => isAbsent(value) || typeof value === 'string'

function checkUserId (userId: unknown): void {
  must(typeof userId === 'string' && userId.trim() !== '' && userId.length <= MAX_USER_ID, 'a user id that is none')
}

/** What a payload that was read must be; everything else has to be refused. */
const READERS: Record<string, (payload: unknown) => void> = {
  start: payload => {
    const { streamKey, userId, resumeToken } = readStart(payload)
    must(isStreamKey(streamKey) && isText(resumeToken), 'start')
    checkUserId(userId)
  },
  join: payload => {
    const { streamKey, userId } = readJoin(payload)
    must(isStreamKey(streamKey), 'join')
    checkUserId(userId)
  },
  end: payload => {
    const { streamKey, userId, resumeToken } = readEnd(payload)
    must(isStreamKey(streamKey) && isText(resumeToken), 'end')
    if (resumeToken === undefined) checkUserId(userId)
  },
  leave: payload => {
    must(isStreamKey(readLeave(payload).streamKey), 'leave')
  },
  data: payload => {
    const { streamKey, chunk, seq } = readData(payload)
    must(isStreamKey(streamKey) && Buffer.isBuffer(chunk), 'data')
    must(seq === undefined || (Number.isSafeInteger(seq) && seq >= 0), 'a seq that is none')
  }
}

function check (described: Described): void {
  const payload = build(described)
  const before = Object.keys(Object.prototype).length
  for (const [name, read] of Object.entries(READERS)) {
    try {
      read(payload)
    } catch (error) {
      must(error instanceof HeadwaterError, () => `${name}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`)
      must(error.code === 'INVALID_REQUEST' || error.code === 'MEDIA_ERROR', () => `${name}: ${error.code}`)
      must(error.message.length < 500, () => `${name}: a message of ${error.message.length} characters`)
      must(error.streamKey === undefined || isStreamKey(error.streamKey), `${name}: an error about a key that is none`)
    }
  }
  must(Object.keys(Object.prototype).length === before, 'the prototype of all objects was changed')
}

/** src/livestream/gateway/payload.ts: whatever a client sends as the payload of an event. */
export const chunkPayload: FuzzTarget<Described> = {
  id: 'chunk-payload',
  inputs: fc.oneof(near, anything),
  open: withoutSetup(check)
}
