/** Copies the built pages, which the compiler does not know, next to the compiled files. */
import { cp, rm } from 'node:fs/promises'

const root = new URL('..', import.meta.url)
const target = new URL('dist/plugins/web-ui/built', root)
await rm(target, { recursive: true, force: true })
// Of what sources they are is of interest here alone.
await cp(new URL('plugins/web-ui/built', root), target, { recursive: true, filter: source => !source.endsWith('sources.json') })
