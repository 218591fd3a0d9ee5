/** Writes `docs/api/openapi.json`, made from the routes of the whole server: `npm run openapi`. */
import { writeFile } from 'node:fs/promises'
import { describeApi } from './openapi/document.ts'

await writeFile(new URL('../docs/api/openapi.json', import.meta.url), (await describeApi()).text)
