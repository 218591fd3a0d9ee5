export interface ThumbnailEncodeSettings {
  thumbnailWidth: number
  maxVideoPixels: number
}

/** Of the JPEG encoder: 2 is best, 31 is worst. */
const QUALITY = 4

/**
 * The whole argument list: MPEG-TS on standard input, its first picture as one JPEG on standard output,
 * scaled down to the width in proportion, never up. Warnings on standard error.
 */
export function thumbnailArguments ({ thumbnailWidth, maxVideoPixels }: ThumbnailEncodeSettings): string[] {
  return [
    '-hide_banner', '-nostats', '-loglevel', 'level+warning',
    '-protocol_whitelist', 'pipe', '-format_whitelist', 'mpegts',
    '-max_pixels', String(maxVideoPixels),
    '-threads', '1',
    // One picture has no frame rate to look for.
    '-fpsprobesize', '0',
    '-f', 'mpegts', '-i', 'pipe:0',
    '-map', '0:v:0', '-frames:v', '1',
    // 4:2:0 needs even sides; -2 is the even one that keeps the shape.
    '-vf', `scale=w='2*trunc(min(iw,${thumbnailWidth})/2)':h=-2`,
    '-filter_threads', '1',
    '-c:v', 'mjpeg', '-threads:v', '1', '-q:v', String(QUALITY),
    '-f', 'mjpeg', 'pipe:1'
  ]
}
