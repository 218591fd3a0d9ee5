import { readdir, readlink } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { askModule } from './ask-module.ts'
import type { Inside } from './inside.ts'
import type { ServerProcess } from './server-process.ts'

/** The module that a server has to be started with to be looked into. */
export const INSIDE_MODULE = fileURLToPath(new URL('inside.ts', import.meta.url))

/** What a server holds, by its own account. @throws Error when it does not answer */
export async function lookInside (server: ServerProcess, { track = false } = {}): Promise<Inside> {
  return await askModule<Inside>(server, { ask: 'inside', track })
}

/** Open files of a process by kind: `socket`, `pipe`, `anon_inode`, `file`. Linux only. */
export async function openFiles (pid: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => undefined)
    if (target === undefined) continue
    const kind = /^(socket|pipe|anon_inode):/.exec(target)?.[1] ?? 'file'
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}
