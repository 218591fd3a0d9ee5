import t from 'tap'
import { chooseMimeType, formatOf, mimeTypesOf, RECORDING_FORMATS } from '../../src/client/recording-format.ts'

const both = { video: true, audio: true }
/** Browsers, by what they can record. */
const browser = (...known: RegExp[]) => (type: string) => known.some(pattern => pattern.test(type))

t.test('the best that a browser has', async t => {
  const aac = /^video\/mp4;codecs=avc1[^,]*,mp4a/
  const matroska = /^video\/x-matroska;codecs=avc1,opus/
  const webmH264 = /^video\/webm;codecs=h264,opus/
  const vp8 = /^video\/webm;codecs=vp8,opus/
  const vp9 = /^video\/webm;codecs=vp9,opus/
  t.equal(chooseMimeType(both, browser(vp9, vp8, webmH264, matroska, aac)), 'video/mp4;codecs=avc1,mp4a.40.2')
  t.equal(chooseMimeType(both, browser(vp9, vp8, webmH264, matroska)), 'video/x-matroska;codecs=avc1,opus')
  t.equal(chooseMimeType(both, browser(vp9, vp8, webmH264)), 'video/webm;codecs=h264,opus')
  t.equal(chooseMimeType(both, browser(vp9, vp8)), 'video/webm;codecs=vp8,opus')
  t.equal(chooseMimeType(both, browser(vp9)), 'video/webm;codecs=vp9,opus')
  t.equal(chooseMimeType(both, browser(/avc1\.42E01F,mp4a/)), 'video/mp4;codecs=avc1.42E01F,mp4a.40.2', 'Safari wants profile and level')
  t.equal(chooseMimeType(both, () => false), '', 'only the browser knows')
})

t.test('one format is asked for', async t => {
  t.equal(chooseMimeType(both, () => true, 'webm-vp8'), 'video/webm;codecs=vp8,opus')
  t.equal(chooseMimeType(both, type => !type.includes('vp8'), 'webm-vp8'), undefined, 'this browser lacks it')
  t.equal(chooseMimeType(both, () => true, 'avi'), undefined, 'there is no such one')
  t.equal(new Set(RECORDING_FORMATS.map(({ id }) => id)).size, RECORDING_FORMATS.length)
})

t.test('only the tracks that there are', async t => {
  const [first] = RECORDING_FORMATS
  t.equal(chooseMimeType({ video: false, audio: true }, browser(/webm/)), 'audio/webm;codecs=opus')
  t.equal(chooseMimeType({ video: true, audio: false }, browser(/vp8/)), 'video/webm;codecs=vp8')
  t.same(mimeTypesOf(first!, { video: false, audio: true }), ['audio/mp4;codecs=mp4a.40.2'], 'no profile of a picture')
})

t.test('what is really recorded', async t => {
  t.same(formatOf('video/x-matroska;codecs=avc1,opus'), { container: 'matroska', codecs: ['avc1', 'opus'] })
  t.same(formatOf('video/mp4; codecs="avc1.42e01f, mp4a.40.2"'), { container: 'mp4', codecs: ['avc1.42e01f', 'mp4a.40.2'] })
  t.same(formatOf('audio/webm'), { container: 'webm', codecs: [] })
  t.same(formatOf(''), { container: '', codecs: [] })
})
