import fc from 'fast-check'

/** A value in words that JSON has, so that the corpus can keep it. */
export type Described =
  | { is: 'plain', value: unknown }
  | { is: 'number', value: number }
  | { is: 'bytes', bytes: Uint8Array, as: 'buffer' | 'uint8' | 'arraybuffer' | 'uint16' | 'dataview' }
  | { is: 'text', unit: string, times: number }
  | { is: 'list', items: Described[] }
  /** `__proto__` as an own key, as JSON.parse makes it; or as the object's prototype. */
  | { is: 'object', entries: Array<[string, Described]>, prototype: 'object' | 'null' | 'polluted' | 'array' }
  | { is: 'special', which: 'undefined' | 'function' | 'symbol' | 'bigint' | 'date' | 'map' | 'regexp' | 'boxed' }

export function build (described: Described): unknown {
  switch (described.is) {
    case 'plain':
    case 'number': return described.value
    case 'bytes': return bytesAs(described.bytes, described.as)
    case 'text': return described.unit.repeat(described.times)
    case 'list': return described.items.map(build)
    case 'object': {
      const object = Object.create(PROTOTYPES[described.prototype]()) as object
      for (const [key, value] of described.entries) Object.defineProperty(object, key, { value: build(value), enumerable: true, writable: true, configurable: true })
      return object
    }
    case 'special': return SPECIAL[described.which]
  }
}

const PROTOTYPES = {
  object: () => Object.prototype,
  null: () => null,
  polluted: () => ({ streamKey: 'from-the-prototype', userId: 'from-the-prototype', chunk: Buffer.alloc(1), seq: 0, resumeToken: 'from-the-prototype' }),
  array: () => Array.prototype
}

const SPECIAL = {
  undefined, function: () => {}, symbol: Symbol('key'), bigint: 7n, date: new Date(0), map: new Map([['streamKey', 'key']]), regexp: /x/, boxed: Object('key') as unknown
}

function bytesAs (bytes: Uint8Array, as: Extract<Described, { is: 'bytes' }>['as']): unknown {
  const copy = Uint8Array.from(bytes)
  switch (as) {
    case 'buffer': return Buffer.from(copy)
    case 'uint8': return copy
    case 'arraybuffer': return copy.buffer
    case 'uint16': return new Uint16Array(copy.buffer, 0, Math.floor(copy.length / 2))
    case 'dataview': return new DataView(copy.buffer)
  }
}

const number = fc.oneof(fc.constantFrom(0, -0, -1, 1, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e308, 5e-324), fc.double(), fc.integer())
const text = fc.oneof(
  { weight: 6, arbitrary: fc.record({ is: fc.constant('text' as const), unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom('key', ' ', '\0', '..', '../', '%2e%2e%2f', '\u202e', '٣', '\ud800', '.', '-', 'a/b', 'C:\\', '__proto__')), times: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('text' as const), unit: fc.constantFrom('a', 'ä', ' ', '.'), times: fc.constantFrom(127, 128, 129, 256, 257, 100_000) }) }
)

const leaf: fc.Arbitrary<Described> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ is: fc.constant('plain' as const), value: fc.constantFrom<unknown>(null, true, false, '', 'key') }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('number' as const), value: number }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('bytes' as const), bytes: fc.uint8Array({ maxLength: 20 }), as: fc.constantFrom('buffer' as const, 'uint8' as const, 'arraybuffer' as const, 'uint16' as const, 'dataview' as const) }) },
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('special' as const), which: fc.constantFrom(...Object.keys(SPECIAL) as Array<keyof typeof SPECIAL>) }) }
)

/** @param keys names that an object is likely to have */
export function describedValue (keys: readonly string[]): fc.Arbitrary<Described> {
  const key = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...keys) }, { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON', 'length', '0', '') }, { weight: 1, arbitrary: fc.string({ maxLength: 6 }) })
  const { value } = fc.letrec<{ value: Described }>(tie => ({
    value: fc.oneof({ depthSize: 'small' },
      leaf,
      fc.record({ is: fc.constant('list' as const), items: fc.array(tie('value'), { maxLength: 3 }) }),
      fc.record({ is: fc.constant('object' as const), entries: fc.array(fc.tuple(key, tie('value')), { maxLength: 6 }), prototype: fc.constantFrom('object' as const, 'object' as const, 'null' as const, 'polluted' as const, 'array' as const) })
    )
  }))
  return value
}
