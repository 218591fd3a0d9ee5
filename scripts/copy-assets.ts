/** Copies what was built and the compiler does not know, pages and the empty database, next to the compiled files. */
import { cp, rm } from 'node:fs/promises'

const root = new URL('..', import.meta.url)
const FOLDERS = ['plugins/web-ui/built', 'src/platform/database/built']
/** Say of what it was made, which is of interest here alone. */
const NOTES = /\/(sources\.json|pglite\.txt)$/

for (const folder of FOLDERS) {
  const target = new URL(`dist/${folder}`, root)
  await rm(target, { recursive: true, force: true })
  await cp(new URL(folder, root), target, { recursive: true, filter: source => !NOTES.test(source) })
}
