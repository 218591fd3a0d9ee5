/**
 * headwater/client: going live from a page, and watching. For browsers; needs socket.io-client, no framework.
 */
export { BROADCAST_STATES, isOver, type BroadcastState } from './broadcast-state.ts'
export { Broadcaster, BROADCASTER_DEFAULTS, type BroadcasterEvents, type BroadcasterOptions, type BroadcastGap, type BroadcastSnapshot, type BroadcastStats } from './broadcaster.ts'
export { captureCamera, captureScreen, listDevices, type CameraOptions, type Devices } from './capture.ts'
export { ClientError, type ClientErrorCode } from './client-error.ts'
export { Emitter } from './emitter.ts'
export { chooseMimeType, formatOf, RECORDING_FORMATS, type RecordedTracks, type RecordingFormat } from './recording-format.ts'
export { serverRoot, streamUrl, type ServerAddress } from './server-address.ts'
