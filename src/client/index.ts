/**
 * headwater/client: going live from a page, and watching. For browsers; needs socket.io-client, no framework.
 * `Player` is given hls.js by who uses it.
 */
export { Audience, type AudienceEvents, type AudienceOptions, type AudienceState, type StreamState } from './audience.ts'
export { Emitter } from './emitter.ts'
export { Player, type LoadHls, type PlaybackState, type PlayerError, type PlayerOptions, type PlayerState } from './player.ts'
export { serverRoot, streamUrl, type ServerAddress } from './server-address.ts'
export { Stateful, type Change } from './stateful.ts'
