import type { FastifyBaseLogger, FastifyInstance } from 'fastify'

type LogArguments = Parameters<FastifyBaseLogger['info']>

/** A request's logger that is made with the first line: until then it costs nothing. */
class LazyLog {
  readonly #make: () => FastifyBaseLogger
  #made: FastifyBaseLogger | undefined

  constructor (make: () => FastifyBaseLogger) {
    this.#make = make
  }

  get #log (): FastifyBaseLogger { return (this.#made ??= this.#make()) }
  get level (): string { return this.#log.level }
  set level (level: string) { this.#log.level = level }
  fatal (...line: LogArguments): void { this.#log.fatal(...line) }
  error (...line: LogArguments): void { this.#log.error(...line) }
  warn (...line: LogArguments): void { this.#log.warn(...line) }
  info (...line: LogArguments): void { this.#log.info(...line) }
  debug (...line: LogArguments): void { this.#log.debug(...line) }
  trace (...line: LogArguments): void { this.#log.trace(...line) }
  silent (...line: LogArguments): void { this.#log.silent(...line) }
  child (...bindings: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger { return this.#log.child(...bindings) }
}

/**
 * For routes that are asked all the time and log hardly ever: a child of pino for each request is a tenth of what a
 * playlist costs. Before the routes.
 */
export function logLazily (scope: FastifyInstance): void {
  const make = scope.childLoggerFactory
  scope.setChildLoggerFactory((...request) => new LazyLog(() => make.apply(scope, request)) as FastifyBaseLogger)
}
