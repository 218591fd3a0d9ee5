import { USE_TOKEN_ABOVE } from './messages.ts'

/** How a broadcaster publishes with its token: at most 720p, and no B-frames. */
export function publishingInstructions (whipEndpoint: string) {
  return {
    obs: {
      service: 'WHIP',
      server: whipEndpoint,
      bearerToken: USE_TOKEN_ABOVE,
      settings: {
        resolution: '1280x720',
        bitrate: '2500 kbps',
        keyframeInterval: '1s',
        cpuPreset: 'ultrafast',
        tune: 'zerolatency'
      }
    },
    web: {
      sdk: 'amazon-ivs-web-broadcast',
      method: 'Stage.join(token)'
    }
  }
}
