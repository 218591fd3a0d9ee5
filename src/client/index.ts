/**
 * headwater/client: going live from a page, and watching. For browsers; needs socket.io-client, no framework.
 * `Player` is given hls.js by who uses it.
 */
export { Audience, type AudienceEvents, type AudienceOptions, type AudienceState, type StreamState } from './audience.ts'
export { BROADCAST_STATES, isOver, type BroadcastState } from './broadcast-state.ts'
export { Broadcaster, BROADCASTER_DEFAULTS, type BroadcasterEvents, type BroadcasterOptions, type BroadcastGap, type BroadcastSnapshot, type BroadcastStats } from './broadcaster.ts'
export { captureCamera, captureScreen, listDevices, type CameraOptions, type Devices } from './capture.ts'
export { ClientError, type ClientErrorCode } from './client-error.ts'
export { Emitter } from './emitter.ts'
export { Player, type LoadHls, type PlaybackState, type PlayerError, type PlayerOptions, type PlayerState } from './player.ts'
export { chooseMimeType, formatOf, RECORDING_FORMATS, type RecordedTracks, type RecordingFormat } from './recording-format.ts'
export { serverRoot, streamUrl, type ServerAddress } from './server-address.ts'
export { Stateful, type Change } from './stateful.ts'
