import fc from 'fast-check'
import t from 'tap'
import { GrowingText } from '../../../src/media/hls/growing-text.ts'

t.test('text that grows is all that was added, and what was handed out stays', async () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('x'.repeat(3000)))), texts => {
    const growing = new GrowingText()
    const handedOut: Array<{ bytes: Buffer, text: string }> = []
    let text = ''
    for (const added of texts) {
      growing.append(added)
      text += Buffer.from(added).toString()
      handedOut.push({ bytes: growing.bytes, text })
    }
    return handedOut.every(({ bytes, text }) => bytes.toString() === text)
  }))
})
