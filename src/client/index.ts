/**
 * headwater/client: going live from a page, and watching. For browsers; needs socket.io-client, no framework.
 */
export { Emitter } from './emitter.ts'
export { serverRoot, streamUrl, type ServerAddress } from './server-address.ts'
