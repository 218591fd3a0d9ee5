/** Writes `.env.example` and the tables of `docs/operations.md`, made from the configuration schema: `npm run env-example`. */
import { readFile, writeFile } from 'node:fs/promises'
import { withSettings } from './env-example/tables.ts'
import { envExample } from './env-example/text.ts'

const OPERATIONS = new URL('../docs/operations.md', import.meta.url)

await writeFile(new URL('../.env.example', import.meta.url), envExample())
await writeFile(OPERATIONS, withSettings(await readFile(OPERATIONS, 'utf8')))
