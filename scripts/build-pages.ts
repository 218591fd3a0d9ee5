/** Builds the pages of all features into plugins/web-ui/built/, unless what is there is of these sources. */
import { buildPages } from './build-pages/build.ts'

const { built, pages, seconds } = await buildPages()
if (built) process.stderr.write(`${pages} pages built in ${seconds.toFixed(1)} s\n`)
