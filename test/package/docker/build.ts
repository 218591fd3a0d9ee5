import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { outputOf } from '../project.ts'
import { copy, readContext, type Source } from './context.ts'
import { isCopy, type Stage } from './dockerfile.ts'

/** Who owns what the image's user shall own. */
export interface User { uid: number, gid: number }

export interface Built {
  /** The folder that stands for the root of the last stage. */
  root: string
  /** Where its commands begin. */
  workdir: string
  /** Text of the Dockerfile with the stage's folders in place of its absolute paths. */
  here (text: string): string
}

/**
 * Does what a Dockerfile says, a folder for the root of each stage: its `COPY`s as they stand, its `RUN`s in a shell.
 * There is no other root, so absolute paths that the Dockerfile names (`WORKDIR`, `VOLUME`) lead into the stage's
 * folder, and its user is another one. Packages of Debian are left to the system.
 */
export async function build (stages: Stage[], context: string, folder: string, user: User, env: NodeJS.ProcessEnv): Promise<Built> {
  const absolute = [...new Set(stages.flatMap(({ steps }) => steps).filter(({ keyword }) => keyword === 'WORKDIR' || keyword === 'VOLUME').flatMap(({ text }) => text.split(' ')))]
  const roots = new Map<string, Source>()
  const sent = await readContext(context)
  let built: Built | undefined
  for (const [at, stage] of stages.entries()) {
    const root = join(folder, `stage-${at}`)
    await mkdir(root)
    const here = (text: string) => absolute.reduce((all, path) => all.replaceAll(new RegExp(`(?<![\\w./-])${path}(?![\\w.-])`, 'g'), join(root, path)), text)
    let workdir = root
    for (const step of stage.steps) {
      if (step.keyword === 'WORKDIR') {
        workdir = join(root, step.text)
        await mkdir(workdir, { recursive: true })
      } else if (isCopy(step)) {
        const from = step.from === undefined ? sent : roots.get(step.from)
        if (from === undefined) throw new Error(`There is no stage ${step.from} before line ${step.line}`)
        await copy(from, step.sources, resolve(workdir, step.target), step.target.endsWith('/') || step.sources.length > 1)
      } else if (step.keyword === 'RUN' && !step.text.startsWith('apt-get ')) {
        await outputOf('sh', ['-c', here(step.text).replaceAll(/\bnode:node\b/g, `${user.uid}:${user.gid}`)], workdir, env)
      }
    }
    if (stage.name !== undefined) roots.set(stage.name, { root, has: () => true })
    built = { root, workdir, here }
  }
  if (built === undefined) throw new Error('The Dockerfile has no stage')
  return built
}
