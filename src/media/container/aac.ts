import { BitReader } from './bit-reader.ts'
import { Malformed } from './damage.ts'

/** What an AudioSpecificConfig says (ISO/IEC 14496-3 section 1.6.2.1). */
export interface AacConfig {
  /** audioObjectType: 2 is AAC-LC; 5 and 29 are HE-AAC, told openly. */
  objectType: number
  /** Hz, of the core (without what SBR adds). */
  sampleRate: number
  channels: number
  /** AAC-LC that ADTS can carry (ISO/IEC 13818-7 section 6.2): 1024 samples a frame, a rate of the table, mono or stereo. */
  fitsAdts: boolean
}

/** samplingFrequencyIndex, in Hz (ISO/IEC 14496-3 table 1.18). */
const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]
const EXPLICIT_RATE = 15

/** channelConfiguration (ISO/IEC 14496-3 table 1.19); 0 means that the stream tells them further down. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8]

const AAC_LC = 2

/** Reads an AudioSpecificConfig. Throws `Malformed` where it is cut off or makes no sense. */
export function readAudioSpecificConfig (config: Buffer): AacConfig {
  const bits = new BitReader(config)
  const objectType = readObjectType(bits)
  const rateIndex = bits.bits(4)
  const sampleRate = rateIndex === EXPLICIT_RATE ? bits.bits(24) : SAMPLE_RATES[rateIndex]
  if (sampleRate === undefined || sampleRate === 0) throw new Malformed('An AAC configuration with an impossible sample rate')
  const channels = CHANNELS[bits.bits(4)]
  if (channels === undefined) throw new Malformed('An AAC configuration with an impossible channel layout')
  const fitsAdts = objectType === AAC_LC && rateIndex !== EXPLICIT_RATE && (channels === 1 || channels === 2) && !bits.flag()
  return { objectType, sampleRate, channels, fitsAdts }
}

/** GetAudioObjectType, ISO/IEC 14496-3 table 1.14 */
function readObjectType (bits: BitReader): number {
  const type = bits.bits(5)
  return type === 31 ? 32 + bits.bits(6) : type
}
