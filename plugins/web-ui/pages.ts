import { readFile } from 'node:fs/promises'

export interface Pages {
  watch: string
  notFound: string
}

/** Reads the pages, with the version of the assets put into their addresses. */
export async function loadPages (version: string): Promise<Pages> {
  const page = async (name: string) => (await readFile(new URL(`pages/${name}`, import.meta.url), 'utf8')).replaceAll('{{version}}', version)
  return { watch: await page('watch.html'), notFound: await page('not-found.html') }
}
