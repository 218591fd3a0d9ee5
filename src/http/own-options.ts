import type { RegisterOptions } from 'fastify'

/** Options of a plugin without what Fastify takes for itself at `register`, and hands on. */
export function ownOptions<Options extends object> (given: Options & RegisterOptions): Options {
  const { prefix: _prefix, logLevel: _logLevel, logSerializers: _logSerializers, ...own } = given
  return own as unknown as Options
}
