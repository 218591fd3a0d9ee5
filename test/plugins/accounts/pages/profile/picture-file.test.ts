import t from 'tap'
import { fileTrouble } from '../../../../../plugins/accounts/pages/profile/picture-file.ts'

t.test('what may be a picture', async t => {
  for (const type of ['image/png', 'image/jpeg', 'image/gif', 'image/webp']) t.equal(fileTrouble({ type, size: 5 * 1_024 * 1_024 }), undefined, type)
  for (const type of ['image/svg+xml', 'text/html', '']) t.match(fileTrouble({ type, size: 10 }), /PNG, JPEG, GIF or WebP/, type)
  t.equal(fileTrouble({ type: 'image/png', size: 6 * 1_024 * 1_024 }), 'This picture has 6.0 MB. It may have 5.')
  t.equal(fileTrouble({ type: 'image/png', size: 5 * 1_024 * 1_024 + 1 }), 'This picture has 5.1 MB. It may have 5.', 'never less than it is')
})
