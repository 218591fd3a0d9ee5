import { posix } from 'node:path'
import type { BuiltLists } from '../../plugins/web-ui/build.ts'
import type { FoundList } from './list.ts'

/** What Vite writes down of a module (`build.manifest`), as far as it matters here. */
export interface ManifestEntry {
  file: string
  css?: string[]
  /** Keys of the manifest. */
  imports?: string[]
}

export type Manifest = Record<string, ManifestEntry>

/** Vite's keys are paths from the folder of the shell. */
const ENTRY = 'index.html'
const keyOf = (path: string) => posix.relative('plugins/web-ui/shell', path)

/**
 * Describes the pages for the server: with each page the files that the browser will need for it beside those
 * of the shell, which `index.html` names.
 * @throws Error when a page's module is not there or a pattern has flags
 */
export function describePages (lists: readonly FoundList[], manifest: Manifest): BuiltLists {
  const ofShell = new Set(filesOf(ENTRY, manifest))
  const part = (folder: string, { module, needs }: { module: string, needs?: string }) => ({
    ...(needs === undefined ? {} : { needs }),
    files: filesOf(keyOf(posix.join(folder, module)), manifest).filter(file => !ofShell.has(file))
  })
  return {
    pages: lists.flatMap(({ folder, pages }) => pages.map(page => {
      const { path, title, params = {}, embeddable = false, connects } = page
      return { path, title, params: Object.fromEntries(Object.entries(params).map(([name, pattern]) => [name, sourceOf(pattern)])), embeddable, ...(connects === undefined ? {} : { connects }), ...part(folder, page) }
    })),
    mastheadParts: lists.flatMap(({ folder, mastheadPart }) => mastheadPart === undefined ? [] : [part(folder, mastheadPart)])
  }
}

/** A module's own file and stylesheets, and those of all that it imports. */
function filesOf (key: string, manifest: Manifest, seen = new Set<string>()): string[] {
  if (seen.has(key)) return []
  seen.add(key)
  const entry = manifest[key]
  if (entry === undefined) throw new Error(`The build has no ${key}`)
  return [...new Set([entry.file, ...entry.css ?? [], ...(entry.imports ?? []).flatMap(imported => filesOf(imported, manifest, seen))])]
}

function sourceOf (pattern: RegExp): string {
  if (pattern.flags !== '') throw new Error(`${pattern}: the pattern of a parameter has no flags`)
  return pattern.source
}
