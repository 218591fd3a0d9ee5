import { readdir, readFile, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const TEXTS = new Set(['.css', '.html', '.js', '.json', '.svg'])
const br = promisify(brotliCompress)
const gz = promisify(gzip)

/** Writes `<name>.br` and `<name>.gz` beside each text of a folder. */
export async function compressTexts (folder: string): Promise<void> {
  const texts = (await readdir(folder)).filter(name => TEXTS.has(extname(name)))
  await Promise.all(texts.map(async name => {
    const path = join(folder, name)
    const body = await readFile(path)
    const [brotli, gzipped] = await Promise.all([
      br(body, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }),
      gz(body, { level: constants.Z_BEST_COMPRESSION })
    ])
    await Promise.all([writeFile(`${path}.br`, brotli), writeFile(`${path}.gz`, gzipped)])
  }))
}
