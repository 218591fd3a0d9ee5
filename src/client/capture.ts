import { ClientError, type ClientErrorCode } from './client-error.ts'

export interface CameraOptions {
  /** A camera (`listDevices`), `true` for the usual one, `false` for none. Default true. */
  camera?: string | boolean
  /** A microphone, likewise. Default true. */
  microphone?: string | boolean
  /** Wanted size and rate of the picture; the browser comes as near as it can. Default 1280 x 720, 30 a second. */
  width?: number
  height?: number
  frameRate?: number
}

export interface Devices {
  cameras: MediaDeviceInfo[]
  microphones: MediaDeviceInfo[]
}

/**
 * Camera and microphone. Whatever is asked for has to be there.
 * @throws ClientError `INSECURE_PAGE`, `UNSUPPORTED_BROWSER`, `PERMISSION_DENIED`, `NO_DEVICE`, `DEVICE_BUSY`
 */
export async function captureCamera ({ camera = true, microphone = true, width = 1280, height = 720, frameRate = 30 }: CameraOptions = {}): Promise<MediaStream> {
  const picture = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: frameRate } }
  return await capture(devices => devices.getUserMedia({
    video: typeof camera === 'string' ? { deviceId: { exact: camera }, ...picture } : camera && picture,
    audio: typeof microphone === 'string' ? { deviceId: { exact: microphone } } : microphone
  }))
}

/**
 * A screen, a window or a tab, as the browser lets the person choose; with its sound where the browser has it.
 * Call it in answer to a click.
 * @throws ClientError as `captureCamera`, and `CAPTURE_CANCELLED`
 */
export async function captureScreen (): Promise<MediaStream> {
  return await capture(
    devices => devices.getDisplayMedia({ video: { frameRate: { ideal: 30 } }, audio: true }),
    // Browsers say the same of who closes the dialogue as of who is not allowed.
    { NotAllowedError: 'CAPTURE_CANCELLED' }
  )
}

/** Cameras and microphones; their names are empty until the page was allowed to use one. @throws ClientError `INSECURE_PAGE`, `UNSUPPORTED_BROWSER` */
export async function listDevices (): Promise<Devices> {
  const all = await mediaDevices().enumerateDevices()
  return {
    cameras: all.filter(({ kind }) => kind === 'videoinput'),
    microphones: all.filter(({ kind }) => kind === 'audioinput')
  }
}

/** By the name of the browser's exception. */
const CODES: Partial<Record<string, ClientErrorCode>> = {
  NotAllowedError: 'PERMISSION_DENIED',
  SecurityError: 'PERMISSION_DENIED',
  NotFoundError: 'NO_DEVICE',
  OverconstrainedError: 'NO_DEVICE',
  NotReadableError: 'DEVICE_BUSY',
  AbortError: 'DEVICE_BUSY',
  NotSupportedError: 'UNSUPPORTED_BROWSER',
  TypeError: 'UNSUPPORTED_BROWSER'
}

async function capture (ask: (devices: MediaDevices) => Promise<MediaStream>, codes: Partial<Record<string, ClientErrorCode>> = {}): Promise<MediaStream> {
  const devices = mediaDevices()
  try {
    return await ask(devices)
  } catch (cause) {
    const { name } = cause as Error
    throw new ClientError(codes[name] ?? CODES[name] ?? 'DEVICE_BUSY', { cause })
  }
}

function mediaDevices (): MediaDevices {
  // Browsers hide it from pages that came over plain HTTP.
  if (!isSecureContext) throw new ClientError('INSECURE_PAGE')
  const { mediaDevices: devices } = navigator as { mediaDevices?: MediaDevices }
  if (devices === undefined) throw new ClientError('UNSUPPORTED_BROWSER')
  return devices
}
