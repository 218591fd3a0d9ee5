import { Type, type Static } from 'typebox'

const seconds = { unit: 's' }
const bytes = { unit: 'bytes' }
const perMinute = { unit: 'per minute' }
const cores = { unit: 'cores' }
/** Nothing, or an origin of HTTP, a path or both, without a slash at the end. */
const PUBLIC_BASE_URL = '^(https?://[A-Za-z0-9.:\\[\\]-]+)?(/[A-Za-z0-9._~%-]+)*$'

/**
 * The live core. Every limit, time-out and size of ingest, FFmpeg, packaging and delivery is here,
 * with its unit; an embedder gives the same names as plugin options.
 */
export const livestreamSchema = Type.Object({
  // Files
  streamsDir: Type.String({ default: 'streams', minLength: 1, env: 'STREAMS_DIR', description: 'Folder of the streams: one folder a stream.' }),
  retentionHours: Type.Number({ default: 24, minimum: 0, unit: 'h', env: 'STREAM_RETENTION_HOURS', description: 'Ended streams are kept so long, then removed.' }),
  maxStreamStorageBytes: Type.Integer({ default: 20_000_000_000, minimum: 1_000_000, ...bytes, env: 'STREAM_MAX_STORAGE_BYTES', description: 'A stream whose segments reach this size ends with the reason "storage limit".' }),
  maxStorageBytes: Type.Integer({ default: 0, minimum: 0, ...bytes, env: 'MAX_STORAGE_BYTES', description: 'All streams together. Beyond it the streams that ended longest ago are removed; when only running ones are left, the one that needs more ends with the reason "storage limit". 0: no limit.' }),
  diskLowBytes: Type.Integer({ default: 1_000_000_000, minimum: 0, ...bytes, env: 'DISK_LOW_BYTES', description: 'With less free space than this no new stream begins (STORAGE_FULL); running ones go on. 0: never.' }),
  diskCriticalBytes: Type.Integer({ default: 500_000_000, minimum: 0, ...bytes, env: 'DISK_CRITICAL_BYTES', description: 'With less free space than this the streams that ended longest ago are removed, until there is more. At most DISK_LOW_BYTES. 0: never.' }),
  diskCheckMs: Type.Integer({ default: 1_000, minimum: 10, unit: 'ms', env: 'DISK_CHECK_MS', description: 'How often the free space is looked at.' }),

  syncSegments: Type.Enum(['off', 'on'], { default: 'off', env: 'SYNC_SEGMENTS', description: 'on: a segment is listed only when the disk itself has it (fsync), so that it outlives a power failure too.' }),

  // Streams
  maxStreams: Type.Integer({ default: 64, minimum: 1, env: 'MAX_STREAMS', description: 'Streams at once; the next start is answered SERVER_BUSY.' }),
  resumeWindowSeconds: Type.Integer({ default: 60, minimum: 0, maximum: 1800, ...seconds, env: 'RESUME_WINDOW_SECONDS', description: 'A stream whose broadcaster is gone waits so long for it to come back.' }),
  closeStreams: Type.Enum(['resumable', 'end'], {
    default: 'resumable', env: 'CLOSE_STREAMS', description: 'What becomes of running streams when the server closes. resumable: the next server on the same folder goes on with them, if it starts within RESUME_WINDOW_SECONDS. end: they end.'
  }),
  closeGraceSeconds: Type.Number({ default: 8, minimum: 0, ...seconds, env: 'CLOSE_GRACE_SECONDS', description: 'When the server closes, running streams have so long to publish what is under way.' }),
  closeAnswersMs: Type.Integer({ default: 500, minimum: 0, unit: 'ms', env: 'CLOSE_ANSWERS_MS', description: 'When the server closes, answers that are under way (a segment to a slow viewer) have so long to be taken, after the streams are done; then their connections are cut.' }),
  preparedMinutes: Type.Integer({ default: 60, minimum: 1, unit: 'min', env: 'PREPARED_STREAM_MINUTES', description: 'A stream prepared over HTTP that nobody starts is dropped after this time.' }),

  // Who may publish
  publishAuth: Type.Enum(['open', 'key', 'jwt'], {
    default: 'open', env: 'PUBLISH_AUTH', description: 'open: anyone. key: one of PUBLISH_KEYS. jwt: a token signed with PUBLISH_JWT_SECRET.'
  }),
  publishKeys: Type.Array(Type.String({ minLength: 16 }), { default: [], env: 'PUBLISH_KEYS', secret: true, description: 'With PUBLISH_AUTH=key: the keys that are taken, separated by commas; at least 16 characters each.' }),
  publishJwtSecret: Type.String({ default: '', env: 'PUBLISH_JWT_SECRET', secret: true, description: 'With PUBLISH_AUTH=jwt: the HS256 secret, at least 32 characters. Claims: exp (required), streamKey and userId (each limits the token to it).' }),

  // Who may watch
  playbackKeys: Type.Array(Type.String({ minLength: 32 }), { default: [], env: 'PLAYBACK_KEYS', secret: true, description: 'When set, playlists, segments and thumbnails need a URL that one of these keys has signed; the first one signs. Separated by commas; at least 32 characters each. Empty: anyone may watch.' }),
  playbackUrlSeconds: Type.Integer({ default: 43_200, minimum: 1, maximum: 315_360_000, ...seconds, env: 'PLAYBACK_URL_SECONDS', description: 'With PLAYBACK_KEYS: life of the URLs that the server itself hands out.' }),

  // What the host decides and is told
  hostHookTimeoutMs: Type.Integer({ default: 5_000, minimum: 1, maximum: 600_000, unit: 'ms', env: 'HOST_HOOK_TIMEOUT_MS', description: 'How long a hook of the host (docs/hooks.md) may take; then a question counts as refused, and the next event is told.' }),
  hostHookQueue: Type.Integer({ default: 100, minimum: 1, unit: 'events', env: 'HOST_HOOK_QUEUE', description: 'Events of a stream that may wait for hooks of the host that are slower; beyond it segments are not told, beyond twice as many nothing is.' }),

  // Ingest
  maxChunkBytes: Type.Integer({ default: 4_000_000, minimum: 1_000, ...bytes, env: 'MAX_CHUNK_BYTES', description: 'A larger chunk is refused with MEDIA_ERROR.' }),
  maxMessageBytes: Type.Integer({ default: 10_000_000, minimum: 10_000, ...bytes, env: 'MAX_MESSAGE_BYTES', description: 'A larger Socket.IO message closes the connection; the stream stays resumable.' }),
  maxInitBytes: Type.Integer({ default: 1_000_000, minimum: 1_000, ...bytes, env: 'MAX_INIT_BYTES', description: 'Largest header of a recording.' }),
  maxUnitBytes: Type.Integer({ default: 16_000_000, minimum: 10_000, ...bytes, env: 'MAX_UNIT_BYTES', description: 'Largest frame (WebM) or fragment (MP4).' }),
  maxVideoPixels: Type.Integer({ default: 8_294_400, minimum: 16, maximum: 2_147_483_647, unit: 'pixels', env: 'MAX_VIDEO_PIXELS', description: 'Largest picture, width times height (the default is 3840 x 2160).' }),
  maxHeldBytes: Type.Integer({ default: 64_000_000, minimum: 100_000, ...bytes, env: 'MAX_HELD_BYTES', description: 'Media of a stream that is held until it is safe on disk; beyond it, acknowledgements wait.' }),
  maxReorderedChunks: Type.Integer({ default: 16, minimum: 0, env: 'MAX_REORDERED_CHUNKS', description: 'Chunks with a seq that came too early and wait for the ones before them.' }),
  maxBytesPerMinute: Type.Integer({ default: 75_000_000, minimum: 1_000, unit: 'bytes per minute', env: 'STREAM_MAX_BYTES_PER_MINUTE', description: 'Media that a stream may send (10 Mbit/s, with a minute of burst). 1048576 is the documented 1 MB, which cannot carry video.' }),
  maxChunksPerMinute: Type.Integer({ default: 1_500, minimum: 1, ...perMinute, env: 'STREAM_MAX_CHUNKS_PER_MINUTE', description: 'Chunks that a stream may send.' }),
  maxEventsPerMinute: Type.Integer({ default: 100, minimum: 1, ...perMinute, env: 'MAX_EVENTS_PER_MINUTE', description: 'Control events of a connection (everything but stream-data).' }),
  maxConnectionsPerMinute: Type.Integer({ default: 10, minimum: 1, ...perMinute, env: 'MAX_CONNECTIONS_PER_MINUTE', description: 'Socket.IO connections from one address.' }),
  probeTimeoutMs: Type.Integer({ default: 2_000, minimum: 100, unit: 'ms', env: 'OWNER_PROBE_TIMEOUT_MS', description: "How long the owner's old socket has to answer before somebody with the same userId takes over." }),
  pingIntervalMs: Type.Integer({ default: 5_000, minimum: 100, unit: 'ms', env: 'PING_INTERVAL_MS', description: 'How often Socket.IO asks whether a client is there.' }),
  pingTimeoutMs: Type.Integer({ default: 5_000, minimum: 100, unit: 'ms', env: 'PING_TIMEOUT_MS', description: 'How long a client has to answer.' }),

  // Packaging
  segmentTargetSeconds: Type.Integer({ default: 2, minimum: 1, maximum: 10, ...seconds, env: 'SEGMENT_TARGET_SECONDS', description: 'Length of a segment; the TARGETDURATION of the playlists.' }),
  liveWindowSegments: Type.Integer({ default: 6, minimum: 3, maximum: 100, unit: 'segments', env: 'LIVE_WINDOW_SEGMENTS', description: 'Segments in live.m3u8.' }),
  memoryWindowBytes: Type.Integer({ default: 32_000_000, minimum: 0, ...bytes, env: 'MEMORY_WINDOW_BYTES', description: "A stream's newest segments that are served from memory; older ones come from disk." }),
  maxHeldRequests: Type.Integer({ default: 1_000, minimum: 0, env: 'MAX_HELD_REQUESTS', description: 'Playlist requests that may wait for the first segment of a stream, all streams together.' }),
  heldRequestSeconds: Type.Integer({ default: 10, minimum: 0, ...seconds, env: 'HELD_REQUEST_SECONDS', description: 'How long such a request waits.' }),

  // Thumbnails
  thumbnailIntervalSeconds: Type.Number({ default: 10, minimum: 0.1, ...seconds, env: 'THUMBNAIL_INTERVAL_SECONDS', description: 'The picture of a stream is made anew at most so often, and only when somebody asks.' }),
  thumbnailWidth: Type.Integer({ default: 640, minimum: 16, maximum: 3840, unit: 'pixels', env: 'THUMBNAIL_WIDTH', description: 'Wider pictures are scaled down to this; narrower ones stay as they are.' }),
  maxThumbnailBytes: Type.Integer({ default: 500_000, minimum: 1_000, ...bytes, env: 'MAX_THUMBNAIL_BYTES', description: 'A larger JPEG is not taken.' }),
  maxThumbnailRuns: Type.Integer({ default: 2, minimum: 1, env: 'MAX_THUMBNAIL_RUNS', description: 'FFmpeg processes that make thumbnails at once, all streams together; further ones wait.' }),
  thumbnailTimeoutSeconds: Type.Number({ default: 10, minimum: 0.1, ...seconds, env: 'THUMBNAIL_TIMEOUT_SECONDS', description: 'Such a process has this long to finish; then SIGTERM.' }),
  maxKeptThumbnails: Type.Integer({ default: 64, minimum: 1, env: 'MAX_KEPT_THUMBNAILS', description: 'Thumbnails of ended streams in memory, those that were asked for last; others are made anew.' }),

  // Admission
  cpuBudget: Type.Number({ default: 0, minimum: 0, ...cores, env: 'CPU_BUDGET', description: 'What all streams together may take of the processor; one that does not fit is answered SERVER_BUSY. 0: 85 % of the cores that the process may use, those of its control group where that has fewer.' }),
  copyCost: Type.Number({ default: 0.003, minimum: 0, ...cores, env: 'CPU_COST_COPY', description: 'What a stream takes whose tracks are all copied; every other stream takes it too.' }),
  audioCost: Type.Number({ default: 0.02, minimum: 0, ...cores, env: 'CPU_COST_AUDIO', description: 'What transcoded sound takes on top.' }),
  videoCost: Type.Number({ default: 0.31, minimum: 0, ...cores, env: 'CPU_COST_VIDEO', description: 'What transcoded video takes on top, at 1280 x 720 and 30 fps with TRANSCODE_PRESET superfast, decoding included; other sizes, rates and presets follow from it.' }),
  startingStreams: Type.Integer({ default: 4, minimum: 1, env: 'STARTING_STREAMS', description: 'FFmpeg processes of streams that may be in their start-up at once; further ones wait in turn, those of streams on air in front.' }),
  encoderLagSeconds: Type.Number({ default: 2.5, minimum: 0.5, ...seconds, env: 'ENCODER_LAG_SECONDS', description: 'A stream whose encoder is so far behind is told as degraded (encoder-slow), until it is half of that.' }),

  // HTTP
  publicBaseUrl: Type.String({
    default: '', pattern: PUBLIC_BASE_URL, env: 'PUBLIC_BASE_URL', description: 'What stands before the path of playbackUrl and thumbnailUrl, where a proxy takes a part of it away: an origin, a path or both, without a slash at the end (https://live.example.org, /media).'
  }),
  streamRequestsPerMinute: Type.Integer({ default: 1_000, minimum: 1, ...perMinute, env: 'RATE_LIMIT_STREAM', description: 'Requests for playlists, segments and thumbnails from one address.' }),
  statusRequestsPerMinute: Type.Integer({ default: 60, minimum: 1, ...perMinute, env: 'RATE_LIMIT_STATUS', description: 'Requests for the status of a stream from one address.' }),
  generalRequestsPerMinute: Type.Integer({ default: 100, minimum: 1, ...perMinute, env: 'RATE_LIMIT_GENERAL', description: 'All other requests to /livestream from one address.' }),

  // FFmpeg
  ffmpegPath: Type.String({ default: '', env: 'FFMPEG_PATH', description: 'The FFmpeg to use; empty: the one on PATH, then the one of ffmpeg-static.' }),
  ffmpegStartSeconds: Type.Number({ default: 10, minimum: 1, ...seconds, env: 'FFMPEG_START_SECONDS', description: 'FFmpeg is started anew when it was fed this long and gave nothing.' }),
  ffmpegStaleSeconds: Type.Number({ default: 5, minimum: 1, ...seconds, env: 'FFMPEG_STALE_SECONDS', description: 'FFmpeg is started anew when it is fed and gave nothing for this long.' }),
  ffmpegDrainSeconds: Type.Number({ default: 10, minimum: 0.1, ...seconds, env: 'FFMPEG_DRAIN_SECONDS', description: 'After the end of its input FFmpeg has this long to finish; then SIGTERM.' }),
  ffmpegTermSeconds: Type.Number({ default: 1, minimum: 0.1, ...seconds, env: 'FFMPEG_TERM_SECONDS', description: 'After SIGTERM FFmpeg has this long; then SIGKILL.' }),
  ffmpegRestarts: Type.Integer({ default: 5, minimum: 0, env: 'FFMPEG_RESTARTS', description: 'Restarts after a failure within FFMPEG_RESTART_WINDOW_SECONDS; one more ends the stream with FFMPEG_ERROR.' }),
  ffmpegRestartWindowSeconds: Type.Number({ default: 60, minimum: 1, ...seconds, env: 'FFMPEG_RESTART_WINDOW_SECONDS', description: 'See FFMPEG_RESTARTS.' }),
  silentTrackMs: Type.Integer({ default: 500, minimum: 0, unit: 'ms', env: 'SILENT_TRACK_MS', description: 'A track that is silent delays the other one by at most this.' }),
  transcodePreset: Type.Enum(['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium'], {
    default: 'superfast', env: 'TRANSCODE_PRESET', description: 'x264 preset, where video has to be transcoded.'
  }),
  transcodeVideoKbps: Type.Integer({ default: 2_500, minimum: 100, unit: 'kbit/s', env: 'TRANSCODE_VIDEO_KBPS', description: 'Highest video bitrate at 1280 x 720; other sizes in proportion to their area.' }),
  transcodeFrameRate: Type.Integer({ default: 30, minimum: 5, maximum: 60, unit: 'fps', env: 'TRANSCODE_FRAME_RATE', description: 'Frame rate of transcoded video.' }),
  transcodeMaxPixels: Type.Integer({ default: 2_073_600, minimum: 4_096, unit: 'pixels', env: 'TRANSCODE_MAX_PIXELS', description: 'A larger picture that has to be transcoded is scaled down to this (the default is 1920 x 1080).' }),
  transcodeThreads: Type.Integer({ default: 1, minimum: 0, maximum: 64, env: 'TRANSCODE_THREADS', description: 'Threads of the decoder and of the encoder; 0: as many as FFmpeg likes.' }),
  audioKbps: Type.Integer({ default: 128, minimum: 32, maximum: 320, unit: 'kbit/s', env: 'AUDIO_KBPS', description: 'AAC bitrate, where audio has to be transcoded.' })
}, { additionalProperties: false })

export type LivestreamConfig = Static<typeof livestreamSchema>
