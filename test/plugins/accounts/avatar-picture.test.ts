import t from 'tap'
import { pictureType } from '../../../plugins/accounts/avatar-picture.ts'

t.test('by the bytes alone', async t => {
  const PICTURES: Array<[bytes: string, type: string | undefined]> = [
    ['\x89PNG\r\n\x1a\nrest', 'png'], ['\xff\xd8\xff\xe0', 'jpeg'], ['GIF87a', 'gif'], ['GIF89a', 'gif'], ['RIFF1234WEBPVP8 ', 'webp'],
    ['RIFF1234WAVE', undefined], ['<svg', undefined], ['%PDF-1.4', undefined], ['BM1234', undefined], ['II*\0', undefined], ['', undefined], ['\x89PN', undefined], ['....ftypavif', undefined]
  ]
  for (const [bytes, type] of PICTURES) t.equal(pictureType(Buffer.from(bytes, 'latin1')), type, JSON.stringify(type ?? bytes))
})
