import t from 'tap'
import { initialOf, nameOf, pictureOf } from '../../../src/page-parts/account/account.ts'

t.test('what somebody is called', async t => {
  t.equal(nameOf({ nickname: 'Alice', username: 'alice' }), 'Alice')
  t.equal(nameOf({ nickname: '  ', username: 'alice' }), 'alice')
})

t.test('the letter that stands for a picture', async t => {
  t.equal(initialOf('  alice'), 'A')
  t.equal(initialOf('爱丽丝'), '爱')
  t.equal(initialOf('👩‍🚀 Ada'), '👩‍🚀', 'a character as people count them')
  t.equal(initialOf('é'), 'É', 'with what is on it')
  t.equal(initialOf(''), '?')
})

t.test('where a picture is', async t => {
  const root = new URL('https://example.org/video/')
  t.equal(pictureOf('', root), undefined)
  t.equal(pictureOf('/video/api/v1/avatars/1.webp', root), 'https://example.org/video/api/v1/avatars/1.webp')
  t.equal(pictureOf('https://example.org/1.webp', root), 'https://example.org/1.webp')
  for (const address of ['https://elsewhere.org/1.webp', '//elsewhere.org/1.webp', 'javascript:alert(1)', 'data:image/png;base64,AA', 'https://']) {
    t.equal(pictureOf(address, root), undefined, `${address} is not this server's`)
  }
})
