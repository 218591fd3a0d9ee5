import { resolve, sep } from 'node:path'
import { logName } from '../media/log-name.ts'
import { isStreamKey } from '../media/stream-key.ts'

interface LoggedError {
  type: string
  message: string
  code?: unknown
  syscall?: unknown
  stack: string | undefined
  cause?: unknown
}

/** What the log says of an error: nothing that names a stream, of which the file system's errors say the folder. */
export function errorSerializer (streamsDir: string): (error: unknown) => unknown {
  const roots = [...new Set([streamsDir, resolve(streamsDir)])].map(root => root.replace(/[/\\]+$/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const folders = new RegExp(`(?:${roots.join('|')})[/\\\\]([A-Za-z0-9._-]+)`, 'g')
  const clean = (text: string) => text.replace(folders, (_path, name: string) => `streams${sep}${isStreamKey(name) ? logName(name) : name}`)

  return function serialize (error: unknown): unknown {
    if (!(error instanceof Error)) return error
    const { code, syscall } = error as NodeJS.ErrnoException
    const logged: LoggedError = {
      type: error.name,
      message: clean(error.message),
      ...(code === undefined ? {} : { code }),
      ...(syscall === undefined ? {} : { syscall }),
      stack: error.stack === undefined ? undefined : clean(error.stack)
    }
    return error.cause === undefined ? logged : { ...logged, cause: serialize(error.cause) }
  }
}
