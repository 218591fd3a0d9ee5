import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { appendWhole, EVENT_PLAYLIST, LIVE_PLAYLIST, openFolder, readNumbering, writeWhole, type WriteOptions } from './files.ts'
import { GrowingText } from './growing-text.ts'
import { ENDLIST, playlistEntry, playlistHead, segmentName, type ListedSegment } from './playlist.ts'
import { Rendering } from './rendering.ts'
import { SegmentWindow } from './segment-window.ts'

export interface PackagerSettings {
  segmentTargetSeconds: number
  liveWindowSegments: number
  memoryWindowBytes: number
  syncSegments: 'off' | 'on'
}

/** A broadcast that an earlier server has begun. */
export interface FormerBroadcast {
  firstSequence: number
  /** Discontinuity sequence of its first segment. */
  discontinuitySequence: number
  segments: readonly ListedSegment[]
}

export interface NewSegment {
  data: Buffer
  durationMs: number
  /** Encoding or time line changed since the segment before it. Ignored for the first one. */
  discontinuity: boolean
  programDateTimeMs: number
}

/**
 * One broadcast as HLS: numbers the segments, keeps them on disk and the newest in memory, writes both
 * playlists. A segment is listed only when it is whole, not empty and on disk.
 */
export class Packager {
  readonly folder: string
  readonly #settings: PackagerSettings
  readonly #window: SegmentWindow
  readonly #event = new GrowingText()
  /** Bytes of `stream.m3u8` on disk. */
  #written = 0
  readonly #firstSequence: number
  readonly #firstDiscontinuity: number
  #nextSequence: number
  /** Segments of `live.m3u8`, and the discontinuity sequence of its first one. */
  #live: ListedSegment[] = []
  #liveDiscontinuity: number
  #count = 0
  #bytes = 0
  #durationMs = 0
  #ended = false
  #version = 0
  #eventRendering: Rendering
  #liveRendering: Rendering

  /** Opens the folder for a new broadcast; numbering goes on where an earlier one on this key ended. */
  static async open (folder: string, settings: PackagerSettings): Promise<Packager> {
    const { nextSequence, discontinuitySequence } = await readNumbering(folder)
    return await Packager.resume(folder, settings, {
      firstSequence: nextSequence,
      discontinuitySequence: nextSequence > 0 ? discontinuitySequence + 1 : 0,
      segments: []
    })
  }

  /** Goes on with a broadcast that an earlier server has begun. */
  static async resume (folder: string, settings: PackagerSettings, former: FormerBroadcast): Promise<Packager> {
    const packager = new Packager(folder, settings, former)
    await openFolder(folder, packager.#eventRendering.body)
    packager.#written = packager.#event.bytes.length
    // The one of an ended broadcast; the live one is not kept on disk.
    await rm(join(folder, LIVE_PLAYLIST), { force: true })
    return packager
  }

  private constructor (folder: string, settings: PackagerSettings, { firstSequence, discontinuitySequence, segments }: FormerBroadcast) {
    this.folder = folder
    this.#settings = settings
    this.#window = new SegmentWindow(settings.memoryWindowBytes)
    this.#firstSequence = this.#nextSequence = firstSequence
    this.#firstDiscontinuity = this.#liveDiscontinuity = discontinuitySequence
    this.#event.append(playlistHead({ targetSeconds: settings.segmentTargetSeconds, mediaSequence: firstSequence, discontinuitySequence, event: true }))
    for (const segment of segments) this.#list(segment, playlistEntry(segment, this.#count === 0))
    this.#eventRendering = this.#renderEvent()
    this.#liveRendering = this.#renderLive()
  }

  get firstSequence (): number { return this.#firstSequence }
  /** Discontinuity sequence of the first segment. */
  get firstDiscontinuity (): number { return this.#firstDiscontinuity }
  /** Segments listed so far. */
  get segmentCount (): number { return this.#count }
  /** Bytes of all listed segments. */
  get bytes (): number { return this.#bytes }
  get durationMs (): number { return this.#durationMs }
  get memoryBytes (): number { return this.#window.bytes }
  get ended (): boolean { return this.#ended }
  /** `stream.m3u8`: everything from the first segment on. */
  get eventPlaylist (): Rendering { return this.#eventRendering }
  /** `live.m3u8`: the newest segments. */
  get livePlaylist (): Rendering { return this.#liveRendering }

  /** A segment that is still in memory. */
  segment (sequence: number): Buffer | undefined {
    return this.#window.get(sequence)
  }

  /**
   * Writes a segment and lists it. Calls must not overlap.
   * @param beforeListing runs when the segment is on disk; it is listed only when this succeeds
   * @throws the file system's error; the segment is then not listed and may be given again
   */
  async add (segment: NewSegment, beforeListing?: (listed: ListedSegment) => Promise<void>): Promise<ListedSegment> {
    if (segment.data.length === 0) throw new Error('An empty segment cannot be listed')
    const first = this.#count === 0
    const listed: ListedSegment = {
      sequence: this.#nextSequence,
      durationMs: segment.durationMs,
      bytes: segment.data.length,
      discontinuity: segment.discontinuity && !first,
      programDateTimeMs: segment.programDateTimeMs
    }
    const entry = playlistEntry(listed, first)
    await writeWhole(this.folder, segmentName(listed.sequence), segment.data, this.#writing)
    await beforeListing?.(listed)
    await this.#append(entry)
    this.#window.add(listed.sequence, segment.data)
    this.#list(listed, entry)
    this.#render()
    return listed
  }

  /** Closes the playlists. Nothing is added afterwards. */
  async end (): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#event.append(ENDLIST)
    this.#render()
    await this.#append(ENDLIST)
    await writeWhole(this.folder, LIVE_PLAYLIST, this.#liveRendering.body, this.#writing)
  }

  /** Gives the memory window back; segments are then read from disk. */
  releaseMemory (): void {
    this.#window.clear()
  }

  get #writing (): WriteOptions {
    return { sync: this.#settings.syncSegments === 'on' }
  }

  async #append (text: string): Promise<void> {
    this.#written = await appendWhole(join(this.folder, EVENT_PLAYLIST), text, this.#written, this.#writing)
  }

  #list (listed: ListedSegment, entry: string): void {
    this.#event.append(entry)
    this.#nextSequence++
    this.#count++
    this.#bytes += listed.bytes
    this.#durationMs += listed.durationMs
    this.#live.push(listed)
    if (this.#live.length > this.#settings.liveWindowSegments) {
      const gone = this.#live.shift()!
      if (gone.discontinuity) this.#liveDiscontinuity++
    }
  }

  #render (): void {
    this.#version++
    this.#eventRendering = this.#renderEvent()
    this.#liveRendering = this.#renderLive()
  }

  #renderEvent (): Rendering {
    return new Rendering(this.#event.bytes, this.#version)
  }

  #renderLive (): Rendering {
    const head = playlistHead({
      targetSeconds: this.#settings.segmentTargetSeconds,
      mediaSequence: this.#live[0]?.sequence ?? this.#firstSequence,
      discontinuitySequence: this.#liveDiscontinuity,
      event: false
    })
    const entries = this.#live.map((segment, index) => playlistEntry(segment, index === 0))
    return new Rendering(Buffer.from(head + entries.join('') + (this.#ended ? ENDLIST : '')), this.#version)
  }
}
