import { execFile } from 'node:child_process'
import { readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { compileCheckout } from '../../scripts/test-run/compile.ts'
import { toSources } from '../../scripts/test-run/positions.ts'

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))

t.test('a compiled copy runs without a loader, and its places lead to the sources', async t => {
  const folder = t.testdir({
    checkout: {
      node_modules: t.fixture('symlink', MODULES),
      'package.json': '{ "name": "headwater", "type": "module" }',
      dist: {},
      docs: { 'a.md': '' },
      plugins: { a: { 'words.json': '["hello"]' } },
      scripts: {},
      examples: {},
      src: {
        'index.ts': [
          'export interface Kept {',
          '  for: number',
          '}',
          'export class Named { static readonly one: Named = new Named() }',
          "export function fail (): never { throw new Error('here') }"
        ].join('\n')
      },
      test: {
        'runs.ts': [
          "import { fail as same } from 'headwater'",
          "import { Type } from 'typebox'",
          "import Value from 'typebox/value'",
          "import words from '../plugins/a/words.json' with { type: 'json' }",
          "import { fail, Named, type Kept } from '../src/index.ts'",
          'const kept: Kept[] = [{ for: 1 }]',
          "const { default: later } = await import('./later.tsx')",
          'console.log(JSON.stringify([same === fail, Named.name, Value.Check(Type.String(), words[0]), kept.length, later]))'
        ].join('\n'),
        'later.tsx': 'export default 4'
      }
    }
  })
  const target = join(await realpath(folder), 'compiled')
  await compileCheckout(join(folder, 'checkout'), target)
  const { stdout } = await promisify(execFile)(process.execPath, ['test/runs.js'], { cwd: target, env: { PATH: process.env['PATH'] } })
  t.strictSame(JSON.parse(stdout), [true, 'Named', true, 1, 4])
  t.ok((await stat(join(target, 'docs', 'a.md'))).isFile())
  await t.rejects(stat(join(target, 'dist')), { code: 'ENOENT' }, 'what is built is not taken along')

  const before = (await readFile(join(target, 'src/index.js'), 'utf8')).split("new Error('here')".replaceAll("'", '"'))[0]!.split('\n')
  const [line, column] = [before.length, before.at(-1)!.length + 1]
  for (const place of ['src/index.js', `${target}/src/index.js`, pathToFileURL(`${target}/src/index.js`).href]) {
    t.equal(await toSources(`at fail (${place}:${line}:${column})`, target), 'at fail (src/index.ts:5:40)')
  }
  const told = (file: string, at: number[]) => `  fileName: ${file}\n  lineNumber: ${at[0]}\n  columnNumber: ${at[1]}\n`
  t.equal(await toSources(told('src/index.js', [line, column]), target), told('src/index.ts', [5, 40]))
  t.equal(await toSources('test/other.js:3:7', target), 'test/other.js:3:7', 'what nobody compiled stays')
})
