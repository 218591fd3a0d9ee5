import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { appendPlaylist, LIVE_PLAYLIST, openFolder, readNumbering, writeWhole } from './files.ts'
import { GrowingText } from './growing-text.ts'
import { ENDLIST, playlistEntry, playlistHead, segmentName, type ListedSegment } from './playlist.ts'
import { Rendering } from './rendering.ts'
import { SegmentWindow } from './segment-window.ts'

export interface PackagerSettings {
  segmentTargetSeconds: number
  liveWindowSegments: number
  memoryWindowBytes: number
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
  readonly #firstSequence: number
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
    const numbering = await readNumbering(folder)
    const before = numbering.nextSequence > 0
    const packager = new Packager(folder, settings, numbering.nextSequence, before ? numbering.discontinuitySequence + 1 : 0)
    await openFolder(folder, packager.#eventRendering.body)
    // The one of an ended broadcast; the live one is not kept on disk.
    await rm(join(folder, LIVE_PLAYLIST), { force: true })
    return packager
  }

  private constructor (folder: string, settings: PackagerSettings, firstSequence: number, discontinuitySequence: number) {
    this.folder = folder
    this.#settings = settings
    this.#window = new SegmentWindow(settings.memoryWindowBytes)
    this.#firstSequence = this.#nextSequence = firstSequence
    this.#liveDiscontinuity = discontinuitySequence
    this.#event.append(playlistHead({ targetSeconds: settings.segmentTargetSeconds, mediaSequence: firstSequence, discontinuitySequence, event: true }))
    this.#eventRendering = this.#renderEvent()
    this.#liveRendering = this.#renderLive()
  }

  get firstSequence (): number { return this.#firstSequence }
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
   * @throws the file system's error; the segment is then not listed and may be given again
   */
  async add (segment: NewSegment): Promise<ListedSegment> {
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
    await writeWhole(this.folder, segmentName(listed.sequence), segment.data)
    await appendPlaylist(this.folder, entry)
    this.#window.add(listed.sequence, segment.data)
    this.#event.append(entry)
    this.#list(listed)
    return listed
  }

  /** Closes the playlists. Nothing is added afterwards. */
  async end (): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#event.append(ENDLIST)
    this.#render()
    await appendPlaylist(this.folder, ENDLIST)
    await writeWhole(this.folder, LIVE_PLAYLIST, this.#liveRendering.body)
  }

  /** Gives the memory window back; segments are then read from disk. */
  releaseMemory (): void {
    this.#window.clear()
  }

  #list (listed: ListedSegment): void {
    this.#nextSequence++
    this.#count++
    this.#bytes += listed.bytes
    this.#durationMs += listed.durationMs
    this.#live.push(listed)
    if (this.#live.length > this.#settings.liveWindowSegments) {
      const gone = this.#live.shift()!
      if (gone.discontinuity) this.#liveDiscontinuity++
    }
    this.#render()
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
