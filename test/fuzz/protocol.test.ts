import t from 'tap'
import { shortForm } from './short-form.ts'
import { chunkPayload } from './targets/chunk-payload.ts'
import { chunkSequence } from './targets/chunk-sequence.ts'
import { ffmpegArguments } from './targets/ffmpeg-arguments.ts'
import { ffmpegOptions } from './targets/ffmpeg-options.ts'
import { ingest } from './targets/ingest.ts'

await shortForm(t, [chunkPayload, chunkSequence, ingest, ffmpegArguments, ffmpegOptions])
