import { Type, type Static } from 'typebox'

/** The process: where it listens and what it says. */
export const serverSchema = Type.Object({
  host: Type.String({ default: '127.0.0.1', env: 'HOST', description: 'Address to listen on. 0.0.0.0 listens on every interface.' }),
  port: Type.Integer({ default: 5050, minimum: 0, maximum: 65535, env: 'PORT', description: 'Port to listen on; 0 takes a free one.' }),
  trustProxy: Type.String({
    default: 'off', env: 'TRUST_PROXY', description: 'Whose X-Forwarded-For says where a request comes from. off: nobody\'s; addresses and networks of proxies, with commas; or how many proxies stand before the server.'
  }),
  environment: Type.Enum(['development', 'production', 'test'], {
    default: 'development',
    env: 'NODE_ENV',
    description: 'In production, unsafe defaults are told at boot.'
  }),
  logLevel: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    env: 'LOG_LEVEL',
    description: 'Least serious level that is logged. Requests for media are logged at debug.'
  }),
  apiDocs: Type.Enum(['on', 'off'], {
    default: 'on', env: 'API_DOCS', description: 'on: /docs describes the API, as a page and as OpenAPI (/docs/json).'
  }),
  startTimeoutMs: Type.Integer({
    default: 60_000, minimum: 1_000, unit: 'ms', env: 'START_TIMEOUT_MS', description: 'Longest time that a part of the server may take to start: to create a database, or to wait until whoever had a folder is known to be dead.'
  }),
  closeTimeoutMs: Type.Integer({
    default: 15_000, minimum: 1_000, unit: 'ms', env: 'CLOSE_TIMEOUT_MS', description: 'Longest time that a graceful stop may take before the process ends anyway.'
  })
}, { additionalProperties: false })

export type ServerConfig = Static<typeof serverSchema>
