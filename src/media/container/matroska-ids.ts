/** Element IDs (RFC 9559 section 5), with their length markers. */

export const EBML = 0x1a45dfa3
export const SEGMENT = 0x18538067
export const VOID = 0xec
export const CRC_32 = 0xbf

export const SEEK_HEAD = 0x114d9b74
export const INFO = 0x1549a966
export const TRACKS = 0x1654ae6b
export const CLUSTER = 0x1f43b675
export const CUES = 0x1c53bb6b
export const ATTACHMENTS = 0x1941a469
export const CHAPTERS = 0x1043a770
export const TAGS = 0x1254c367

export const TIMESTAMP_SCALE = 0x2ad7b1

export const TRACK_ENTRY = 0xae
export const TRACK_NUMBER = 0xd7
export const TRACK_TYPE = 0x83
export const CODEC_ID = 0x86
export const CODEC_PRIVATE = 0x63a2
export const CONTENT_ENCODINGS = 0x6d80
export const VIDEO = 0xe0
export const PIXEL_WIDTH = 0xb0
export const PIXEL_HEIGHT = 0xba
export const AUDIO = 0xe1
export const SAMPLING_FREQUENCY = 0xb5
export const CHANNELS = 0x9f

export const TIMESTAMP = 0xe7
export const POSITION = 0xa7
export const PREV_SIZE = 0xab
export const SILENT_TRACKS = 0x5854
export const ENCRYPTED_BLOCK = 0xaf
export const SIMPLE_BLOCK = 0xa3
export const BLOCK_GROUP = 0xa0

export const BLOCK = 0xa1
export const BLOCK_DURATION = 0x9b
export const BLOCK_ADDITIONS = 0x75a1
export const BLOCK_VIRTUAL = 0xa2
export const REFERENCE_PRIORITY = 0xfa
export const REFERENCE_BLOCK = 0xfb
export const REFERENCE_VIRTUAL = 0xfd
export const CODEC_STATE = 0xa4
export const DISCARD_PADDING = 0x75a2
export const SLICES = 0x8e
export const REFERENCE_FRAME = 0xc8
