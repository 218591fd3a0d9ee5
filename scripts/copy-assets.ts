/** Copies what the compiler does not know next to the compiled files. */
import { fileURLToPath } from 'node:url'
import { copyAssets } from './assets/copy.ts'

await copyAssets(fileURLToPath(new URL('../dist', import.meta.url)))
