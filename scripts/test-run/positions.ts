import { readFile } from 'node:fs/promises'
import { SourceMap } from 'node:module'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'

/** Where a stack says that it was: `test/a.test.js:12:3`, or with the whole path, or as an address. */
const IN_STACK = /(?:file:\/\/)?(?<file>[\w./-]+\.js):(?<line>\d+):(?<column>\d+)/g
/** The same as tap tells it. */
const IN_BLOCK = /(?<=\bfileName: )(?<file>[\w./-]+\.js)(?<between>\n *lineNumber: )(?<line>\d+)(?<and>\n *columnNumber: )(?<column>\d+)/g

/**
 * Has what compiled code said speak of the TypeScript that it was compiled from.
 * @param root of the compiled copy: paths in the text are below it, or lead there
 */
export async function toSources (text: string, root: string): Promise<string> {
  const files = new Set([...text.matchAll(IN_STACK), ...text.matchAll(IN_BLOCK)].map(({ groups }) => groups!['file']!))
  const maps = new Map<string, SourceMap>()
  for (const file of files) {
    const map = await readFile(`${resolve(root, file)}.map`, 'utf8').catch(() => undefined)
    if (map !== undefined) maps.set(file, new SourceMap(JSON.parse(map)))
  }
  const find = (file: string, line: string, column: string) => {
    const entry = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1)
    if (entry === undefined || !('originalSource' in entry)) return undefined
    const source = relative(root, join(dirname(resolve(root, file)), entry.originalSource))
    return { source: isAbsolute(source) ? file : source, line: entry.originalLine + 1, column: entry.originalColumn + 1 }
  }
  return text
    .replace(IN_STACK, (all: string, file: string, line: string, column: string) => {
      const found = find(file, line, column)
      return found === undefined ? all : `${found.source}:${found.line}:${found.column}`
    })
    .replace(IN_BLOCK, (all: string, file: string, between: string, line: string, and: string, column: string) => {
      const found = find(file, line, column)
      return found === undefined ? all : `${found.source}${between}${found.line}${and}${found.column}`
    })
}
