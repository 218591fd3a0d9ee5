/** What an embedder imports. */
export { headwater, headwater as default, type HeadwaterOptions } from './app.ts'
export { liveCore, livestream, signPlayback, type LiveCore, type LiveCoreOptions, type LivestreamOptions } from './livestream/index.ts'
export type { HostHooks, LiveEventMap, PlaybackRequest, PlaybackResource, PlaybackUrlOptions, PublishAction, PublishRequest, SegmentListedEvent, SigningOptions, StreamEndedEvent, StreamStartedEvent } from './livestream/index.ts'
export { webUi } from '../plugins/web-ui/index.ts'
export { configSchema, listSettings, type Config, type Setting } from './config/schema.ts'
export { completeLivestreamOptions, loadConfig } from './config/load.ts'
export type { LivestreamConfig } from './config/livestream.ts'
export { ERROR_CODES, HeadwaterError, type ErrorCode } from './errors/catalogue.ts'
