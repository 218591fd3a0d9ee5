import t from 'tap'
import { signedQuery, withQuery } from '../../../src/livestream/pages/signed-query.ts'
import { embedCode } from '../../../src/livestream/pages/studio/embed-code.ts'

t.test('what lets its bearer watch, and nothing else of the query', async t => {
  t.equal(signedQuery('?embed&expires=1893553445&signature=a-b_c&t=1'), 'expires=1893553445&signature=a-b_c')
  t.equal(signedQuery('/livestream/show/stream.m3u8?expires=1&signature=x'), 'expires=1&signature=x', 'of an address too')
  t.equal(signedQuery('?signature="><script>'), 'signature=%22%3E%3Cscript%3E')
  for (const address of ['', '?', '?embed', '/livestream/show/stream.m3u8']) t.equal(signedQuery(address), '', address)
})

t.test('addresses with it, and without', async t => {
  const page = new URL('https://example.org/video/watch/show')
  t.equal(withQuery(page, 'expires=1&signature=x').href, 'https://example.org/video/watch/show?expires=1&signature=x')
  t.equal(withQuery(page, '').href, page.href)
  t.match(embedCode(page.href), 'src="https://example.org/video/watch/show?embed"')
  t.match(embedCode(withQuery(page, 'expires=1&signature=x').href), 'src="https://example.org/video/watch/show?embed&amp;expires=1&amp;signature=x"')
})
