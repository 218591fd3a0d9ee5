#!/usr/bin/env node
/** The process: environment -> configuration -> server -> graceful end. Nothing else reads the environment. */
import { existsSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import closeWithGrace from 'close-with-grace'
import { loadConfig } from './config/load.ts'
import { HeadwaterError } from './errors/catalogue.ts'
import { buildStandalone } from './standalone.ts'
import { packageVersion } from './version.ts'

// V8 counts media in memory towards its limit, but sets the limit by its heap, which is small: it would mark all of
// that again for every 30 MB of media that came, which costs more than the media itself.
const HEAP_GROWING_PERCENT = 300

async function main (): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`)
  if (existsSync('.env')) process.loadEnvFile('.env')
  const config = loadConfig(process.env)
  const { host, port, logLevel, closeTimeoutMs } = config.server
  const pretty = process.stdout.isTTY ? { transport: { target: 'pino-pretty' } } : {}
  const app = await buildStandalone(config, { logger: { level: logLevel, ...pretty } })
  closeWithGrace({ delay: closeTimeoutMs, logger: app.log }, async ({ err, signal }) => {
    if (err) app.log.fatal({ err }, 'closing because of an error')
    else app.log.info({ signal }, 'closing')
    const began = performance.now()
    await app.close()
    app.log.info({ signal, seconds: (performance.now() - began) / 1000 }, 'server stopped')
  })
  const address = await app.listen({ host, port })
  const { streamsDir, publishAuth, maxStreams, resumeWindowSeconds, maxBytesPerMinute, maxConnectionsPerMinute } = config.livestream
  app.log.info({
    version: packageVersion(),
    node: process.version,
    address,
    environment: config.server.environment,
    streamsDir,
    publishAuth,
    trustProxy: config.server.trustProxy,
    limits: { maxStreams, resumeWindowSeconds, maxBytesPerMinute, maxConnectionsPerMinute }
  }, 'server started')
}

main().catch((error: unknown) => {
  const known = error instanceof HeadwaterError
  console.error(known ? error.message : error)
  process.exitCode = 1
  // A half-built server may hold handles.
  if (!known) process.exit(1)
})
