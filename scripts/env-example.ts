/** Prints `.env.example`, made from the configuration schema: `npm run env-example`. */
import { writeFile } from 'node:fs/promises'
import { envExample } from './env-example/text.ts'

await writeFile(new URL('../.env.example', import.meta.url), envExample())
