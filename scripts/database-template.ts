/** Makes the empty database that a first start unpacks, unless the one that is there was made by this PGlite. */
import { buildTemplate } from './database-template/build.ts'

const { built, bytes, seconds } = await buildTemplate()
if (built) process.stderr.write(`Empty database made in ${seconds.toFixed(1)} s (${(bytes / 1e6).toFixed(1)} MB)\n`)
