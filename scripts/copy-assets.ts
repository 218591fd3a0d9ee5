/** Copies what the compiler leaves out, the pages of plugins, next to the compiled files. */
import { cp } from 'node:fs/promises'

const root = new URL('..', import.meta.url)
await cp(new URL('plugins', root), new URL('dist/plugins', root), {
  recursive: true,
  filter: source => !source.endsWith('.ts') && !source.endsWith('.md')
})
