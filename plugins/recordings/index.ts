/**
 * headwater-recordings: recordings of live sessions, later of meetings: their rows, their files, and who makes them.
 *
 * Adds the decorator `recordings`; `GET ${prefix}/recordings/:file` with ranges. Needs the decorators `database`,
 * `state`, `objects`, `liveCore`, and `livekit` where rooms are recorded. Tables: `recordings`. Settings:
 * `RecordingsConfig`.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { completeRecordingsOptions } from '../../src/config/load.ts'
import type { RecordingsConfig } from '../../src/config/recordings.ts'
import { ownOptions } from '../../src/http/own-options.ts'
import type { Recordings } from '../../src/recordings/recordings.ts'

export interface RecordingsOptions extends Partial<RecordingsConfig> {
  /** What stands before the prefix of this server in addresses that people get. */
  publicBaseUrl?: string
}

declare module 'fastify' {
  interface FastifyInstance {
    recordings: Recordings
  }
}

const plugin: FastifyPluginAsync<RecordingsOptions> = async (app, options) => {
  if (app.hasDecorator('recordings')) return
  const { publicBaseUrl: _publicBaseUrl = '', ...settings } = ownOptions(options)
  completeRecordingsOptions(settings)
}

export const recordings = fp(plugin, { name: 'headwater-recordings', fastify: '5.x', decorators: { fastify: ['database', 'state', 'objects', 'liveCore'] } })
export default recordings
