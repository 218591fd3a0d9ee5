/** Quieter than this (dB below full) is shown as silence. */
const FLOOR_DB = -60
const SAMPLES = 1024

export interface SoundLevel {
  /** 0 (silence) to 1 (full), on a scale of decibels. */
  read: () => number
  close: () => void
}

/** How loud a stream is at present; undefined where it has no sound. */
export function soundLevelOf (stream: MediaStream): SoundLevel | undefined {
  if (stream.getAudioTracks().length === 0) return undefined
  const context = new AudioContext()
  const analyser = new AnalyserNode(context, { fftSize: SAMPLES })
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(SAMPLES)
  return {
    read () {
      // Browsers let it run only after a click or a key on the page.
      if (context.state === 'suspended') void context.resume()
      analyser.getFloatTimeDomainData(samples)
      return levelOf(samples)
    },
    close () { void context.close() }
  }
}

/** 0 to 1 for samples from -1 to 1: their mean power, in decibels from the floor on. */
export function levelOf (samples: ArrayLike<number>): number {
  let sum = 0
  for (let index = 0; index < samples.length; index++) sum += samples[index]! ** 2
  const decibels = 10 * Math.log10(sum / samples.length || Number.MIN_VALUE)
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB))
}
