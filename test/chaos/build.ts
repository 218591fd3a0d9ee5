import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { copyAssets } from '../../scripts/assets/copy.ts'
import { buildPages } from '../../scripts/build-pages/build.ts'
import { buildTemplate } from '../../scripts/database-template/build.ts'
import { IS_COMPILED } from '../fixtures/own-program.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

let built: Promise<string> | undefined

/**
 * The server as JavaScript: where tests run compiled it is there, with its pages. Otherwise it comes into a temporary folder
 * that goes with this process: compiled once, it starts in half of the time that the TypeScript loader takes, and without
 * the loader's own helper process.
 * @returns the folder; the server is its `src/server.js`
 */
export function buildServer (): Promise<string> {
  built ??= IS_COMPILED ? Promise.resolve(ROOT) : build()
  return built
}

async function build (): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-build-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  // Types are the business of `npm run types`.
  const args = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', folder, '--noCheck', '--incremental', 'false', '--declaration', 'false']
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, code] = await Promise.all([buffer(child.stdout), new Promise(resolve => child.once('close', resolve))])
  if (code !== 0) throw new Error(`The server could not be compiled: ${output.toString()}`)
  await buildPages()
  await buildTemplate()
  await copyAssets(folder)
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  return folder
}

/** A TypeScript module that imports nothing of ours, as JavaScript beside the built server: for `--import`. @returns its path */
export async function buildModule (path: string): Promise<string> {
  const folder = await buildServer()
  const { outputText } = ts.transpileModule(await readFile(path, 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true }
  })
  const target = join(folder, basename(path).replace(/\.ts$/, '.js'))
  await writeFile(target, outputText)
  return target
}
