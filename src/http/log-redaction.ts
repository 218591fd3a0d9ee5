import type { FastifyRequest } from 'fastify'

const SECRETS = [
  'authorization', 'cookie', 'set-cookie', 'x-api-key', 'x-internal-secret', 'x-webhook-secret', 'apiKey', 'token', 'resumeToken', 'signature',
  'password', 'old_password', 'new_password', 'access_token', 'refresh_token', 'reset_token', 'host_token', 'invite_token', 'invite_link', 'x-invite-token', 'playback_url'
]

/** Settings of the standalone server's logger: secrets and the addresses of streams stay out, whatever is logged. */
export const LOG_REDACTION = {
  redact: {
    paths: SECRETS.flatMap(name => name.includes('-') ? [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`] : [name, `*.${name}`, `*.*.${name}`]),
    censor: '[redacted]'
  },
  serializers: {
    // A URL has keys in its path and signatures behind it; the route says which one it was.
    req: (request: FastifyRequest) => ({ method: request.method, route: request.routeOptions?.url, remoteAddress: request.ip })
  }
}

/** For a plugin's or a route's `logSerializers`, where addresses have secrets in them whatever log the host has. Fastify's type knows serializers of text alone. */
export const LOG_WITHOUT_ADDRESSES = LOG_REDACTION.serializers as unknown as Record<string, (value: unknown) => string>
