/** One report of FFmpeg's progress output (`-progress`). */
export interface Progress {
  /** Bytes that the muxer has written; undefined before it has begun. */
  bytes: number | undefined
  /** How far the output has come on its own time line, in microseconds; undefined before its first packet. */
  timeUs: number | undefined
  /** FFmpeg says that this was the last report. */
  over: boolean
}

/** A line is far shorter; what is longer is no report. */
const LONGEST_LINE = 1_000

/**
 * Reads FFmpeg's progress output as it comes: blocks of `key=value` lines, each closed by
 * `progress=continue` or `progress=end` (ffmpeg documentation, main options, `-progress`).
 */
export class ProgressReader {
  #rest = ''
  #fields = new Map<string, string>()

  push (text: string): Progress[] {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()!.slice(-LONGEST_LINE)
    return lines.flatMap(line => {
      const at = line.indexOf('=')
      if (at < 0) return []
      const [key, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()]
      this.#fields.set(key, value)
      if (key !== 'progress') return []
      const report = { bytes: this.#number('total_size'), timeUs: this.#number('out_time_us'), over: value === 'end' }
      this.#fields.clear()
      return [report]
    })
  }

  /** Undefined where FFmpeg says N/A. */
  #number (key: string): number | undefined {
    const value = this.#fields.get(key)
    return value !== undefined && /^-?\d+$/.test(value) ? Number(value) : undefined
  }
}
