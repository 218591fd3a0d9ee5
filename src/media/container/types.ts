/**
 * What the container reader says about the bytes of a recording, in words that hold for
 * Matroska/WebM and for fragmented MP4 alike.
 */

export type Container = 'matroska' | 'mp4'

export type VideoCodec = 'vp8' | 'vp9' | 'av1' | 'h264'
export type AudioCodec = 'opus' | 'vorbis' | 'aac' | 'pcm'

export interface VideoTrack {
  kind: 'video'
  /** The number that the container gives to the track. */
  id: number
  codec: VideoCodec
  /** Coded picture size in pixels, from the container's header, or from the SPS where there is one. */
  width: number
  height: number
  /**
   * H.264 only: the picture is 8-bit 4:2:0, so that players of HLS can take it as it is. False too
   * where no parameter sets are known before the first frame.
   */
  copyable: boolean
}

export interface AudioTrack {
  kind: 'audio'
  id: number
  codec: AudioCodec
  /** Hz */
  sampleRate: number
  channels: number
  /** AAC-LC in mono or stereo, so that it can be carried in ADTS as it is. */
  copyable: boolean
}

export type Track = VideoTrack | AudioTrack

/** What a demuxer needs before any media, and what it says. */
export interface InitSegment {
  container: Container
  /** Header bytes in normal form: feed these, then units. */
  bytes: Buffer
  /** The first video track, if there is one. */
  video: VideoTrack | undefined
  /** The first audio track, if there is one. */
  audio: AudioTrack | undefined
}

export interface Frame {
  kind: 'video' | 'audio'
  /** Presentation time on the recording's own time line, in microseconds. */
  timeUs: number
  /** Decoding can start here. For H.264: the frame holds an IDR picture, whatever the container claims. Always true for audio. */
  key: boolean
}

/**
 * The smallest piece that a demuxer takes whole: a Matroska block, an MP4 fragment (`moof` and its
 * `mdat`). Units of tracks that are not used do not appear.
 */
export interface Unit {
  /** In decoding order as the container has it; never empty. */
  frames: Frame[]
  bytes: Buffer
  /**
   * What has to stand before `bytes` when the unit before this one (in what the demuxer was fed) had
   * another `lead`: for Matroska the cluster's head. Units of one cluster share the same Buffer
   * object, so identity tells. Undefined where nothing is needed.
   */
  lead: Buffer | undefined
  /** Where the unit's first byte stands, in bytes since the reader's first byte (over all epochs). */
  start: number
  /** One past its last byte, likewise. */
  end: number
}

export type DamageReason =
  /** The bytes are neither Matroska/WebM nor MP4, and no recording was under way. */
  | 'not-a-container'
  /** A recording was under way and the bytes stopped making sense; reading goes on at the next cluster, fragment or header that is found. */
  | 'lost-sync'
  /** The header is broken or too large. */
  | 'bad-header'
  /** The header names a codec that is not taken, an encrypted or compressed track, or no usable track. */
  | 'unsupported'
  /** The picture has more pixels than the limit. */
  | 'too-large-picture'
  /** An element (a frame, a fragment) is larger than the limit. */
  | 'too-large-unit'
  /** An MP4 whose media is not in fragments. */
  | 'not-fragmented'

export type ReaderEvent =
  /**
   * A new epoch: a recorder run begins (also the first), or H.264 goes on with other parameter sets
   * (a new SPS in the frames; the header bytes then stay what they were, size and `copyable` follow the SPS).
   */
  | { type: 'init', init: InitSegment }
  | { type: 'unit', unit: Unit }
  /**
   * Something could not be used. Told once per stretch of damage. `fatal`: nothing of this recording can
   * be used; bytes are skipped until a new header comes.
   */
  | { type: 'damage', reason: DamageReason, message: string, fatal: boolean, offset: number }

export interface ReaderLimits {
  /** Pixels (width × height) of a picture. */
  maxVideoPixels: number
  /** Bytes of the header (everything before the first cluster or fragment). */
  maxInitBytes: number
  /** Bytes of one unit. Also bounds what the reader buffers. */
  maxUnitBytes: number
}
