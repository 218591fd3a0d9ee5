/// <reference types="vite/types/importMeta.d.ts" />

/** A stylesheet that the build takes along. */
declare module '*.css'

/** hls.js without subtitles, alternative sound and encryption: Headwater's streams have none. */
declare module 'hls.js/light' {
  export * from 'hls.js'
  export { default } from 'hls.js'
}
