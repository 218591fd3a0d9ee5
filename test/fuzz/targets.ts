import type { FuzzTarget } from './target.ts'
import { chunkPayload } from './targets/chunk-payload.ts'
import { chunkSequence } from './targets/chunk-sequence.ts'
import { containerReader } from './targets/container-reader.ts'
import { ffmpegArguments } from './targets/ffmpeg-arguments.ts'
import { ffmpegOptions } from './targets/ffmpeg-options.ts'
import { http } from './targets/http.ts'
import { ingest } from './targets/ingest.ts'
import { journal } from './targets/journal.ts'
import { packager } from './targets/packager.ts'
import { playlist } from './targets/playlist.ts'
import { tsCutter } from './targets/ts-cutter.ts'

/** Everything that takes input from outside. */
export const TARGETS: ReadonlyArray<FuzzTarget<unknown>> = [
  containerReader, playlist, packager, chunkPayload, chunkSequence, ingest, ffmpegArguments, ffmpegOptions, http, tsCutter, journal
]
