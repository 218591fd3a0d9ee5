import { appendFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
// The script imports lists of pages that are TypeScript, and this test may run without a loader.
import 'tsx'
import { describePages, type Manifest } from '../../scripts/build-pages/describe.ts'
import { listPages } from '../../scripts/build-pages/list.ts'
import { digestOf, isCurrent, sourcesIn, writeSources } from '../../scripts/build-pages/sources.ts'

const MANIFEST: Manifest = {
  'index.html': { file: 'assets/index.js', css: ['assets/index.css'], imports: ['_react.js'] },
  '_react.js': { file: 'assets/react.js' },
  '_badge.js': { file: 'assets/badge.js', css: ['assets/badge.css'], imports: ['_react.js', 'index.html'] },
  '../../accounts/pages/session-part.tsx': { file: 'assets/session.js', imports: ['_react.js'] },
  '../../../src/livestream/pages/watch/watch-page.tsx': { file: 'assets/watch.js', css: ['assets/watch.css'], imports: ['_react.js', '_badge.js'] }
}
const list = (page: object) => [{ folder: 'src/livestream/pages', pages: [{ path: '/watch/:streamId' as const, title: 'Watch', module: 'watch/watch-page.tsx' as const, ...page }] }]

t.test('what the server is told of a page', async t => {
  const { pages } = describePages(list({ params: { streamId: /^[a-z]+$/ } }), MANIFEST)
  t.strictSame(pages, [{
    path: '/watch/:streamId',
    title: 'Watch',
    params: { streamId: '^[a-z]+$' },
    embeddable: false,
    files: ['assets/watch.js', 'assets/watch.css', 'assets/badge.js', 'assets/badge.css']
  }], 'the files that the shell does not have')
  t.match(describePages(list({ connects: 'rooms' }), MANIFEST).pages, [{ connects: 'rooms' }])
  t.match(describePages(list({ needs: 'headwater-accounts' }), MANIFEST).pages, [{ path: '/watch/:streamId', needs: 'headwater-accounts' }])
  t.strictSame(describePages([{ folder: 'plugins/accounts/pages', pages: [], mastheadPart: { needs: 'headwater-accounts', module: 'session-part.tsx' } }], MANIFEST), {
    pages: [],
    mastheadParts: [{ needs: 'headwater-accounts', files: ['assets/session.js'] }]
  })
  t.throws(() => describePages(list({ module: 'gone/gone-page.tsx' }), MANIFEST), /The build has no .*gone-page\.tsx/)
  t.throws(() => describePages(list({ params: { streamId: /a/i } }), MANIFEST), /has no flags/)
})

t.test('pages are found in the folders of their features', async t => {
  const root = t.testdir({
    src: { a: { pages: { 'pages.ts': "export const pages = [{ path: '/a' }]" } }, b: { pages: {} }, 'c.ts': '' },
    plugins: { d: { pages: { 'pages.ts': "export const pages = [{ path: '/d' }]" } } }
  })
  t.match(await listPages(root), [{ folder: 'plugins/d/pages', pages: [{ path: '/d' }] }, { folder: 'src/a/pages', pages: [{ path: '/a' }] }])
})

t.test('a build is current until a source changes', async t => {
  const root = t.testdir({
    'package-lock.json': '{}',
    built: {},
    scripts: { 'build-pages': { 'build.ts': '' } },
    src: { ui: { 'button.tsx': '' }, client: { 'player.ts': '' }, 'page-parts': { 'session.ts': '' }, media: { 'key.ts': '', 'other.ts': '' }, a: { pages: { 'pages.ts': '' } } },
    plugins: { 'web-ui': { shell: { 'main.tsx': '' } } }
  })
  const built = join(root, 'built')
  const build = async () => {
    const modules = ['src/media/key.ts', 'src/ui/button.tsx', 'node_modules/react/index.js'].map(path => join(root, path))
    await writeSources(built, await digestOf(root, await sourcesIn(root, modules)))
  }
  t.equal(await isCurrent(root, built), false, 'there is none')
  await build()
  t.equal(await isCurrent(root, built), true)
  await appendFile(join(root, 'src/media/other.ts'), ' ')
  t.equal(await isCurrent(root, built), true, 'nobody imports it')

  const changes: Array<[string, () => Promise<unknown>]> = [
    ['a source of another folder that is built in', () => appendFile(join(root, 'src/media/key.ts'), ' ')],
    ['a part', () => appendFile(join(root, 'src/ui/button.tsx'), ' ')],
    ['a new file', () => writeFile(join(root, 'src/a/pages/new-page.tsx'), '')],
    ['a file that is gone', () => rm(join(root, 'src/a/pages/new-page.tsx'))],
    ['a file with another name', async () => {
      await rm(join(root, 'src/client/player.ts'))
      await writeFile(join(root, 'src/client/viewer.ts'), '')
    }],
    ['the versions of packages', () => appendFile(join(root, 'package-lock.json'), ' ')]
  ]
  for (const [name, change] of changes) {
    await change()
    t.equal(await isCurrent(root, built), false, name)
    await build()
    t.equal(await isCurrent(root, built), true)
  }
})
