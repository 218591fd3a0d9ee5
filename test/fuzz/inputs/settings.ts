import fc from 'fast-check'
import type { LivestreamConfig } from '../../../src/config/livestream.ts'
import { livestreamSchema } from '../../../src/config/livestream.ts'

interface NumberSchema { type?: string, minimum?: number, maximum?: number, enum?: readonly unknown[], default: unknown }

/** Whatever the configuration admits for a setting: its ends, its default, and what lies between. */
export function anySetting<Name extends keyof LivestreamConfig> (name: Name): fc.Arbitrary<LivestreamConfig[Name]> {
  const schema = livestreamSchema.properties[name] as unknown as NumberSchema
  const value = schema.enum === undefined ? numberIn(schema) : fc.constantFrom(...schema.enum)
  return fc.oneof(fc.constant(schema.default), value) as fc.Arbitrary<LivestreamConfig[Name]>
}

function numberIn ({ type, minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: NumberSchema): fc.Arbitrary<number> {
  if (type === 'integer') return fc.oneof(fc.integer({ min: minimum, max: maximum }), fc.constantFrom(minimum, maximum), fc.integer({ min: minimum, max: Math.min(maximum, minimum + 5_000) }))
  return fc.double({ min: minimum, max: maximum, noNaN: true })
}
