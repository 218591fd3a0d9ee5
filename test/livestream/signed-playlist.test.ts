import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { signedPlaylist, SignedRenderings } from '../../src/livestream/signed-playlist.ts'
import { ENDLIST, playlistEntry, playlistHead } from '../../src/media/hls/playlist.ts'
import { Rendering } from '../../src/media/hls/rendering.ts'

const QUERY = 'expires=1893553445&signature=abc-_ABC'
const SEGMENTS = [8, 9, 10].map(sequence => ({ sequence, durationMs: 2_000, bytes: 1, discontinuity: sequence === 9, programDateTimeMs: 0 }))
const PLAYLIST = playlistHead({ targetSeconds: 2, mediaSequence: 8, discontinuitySequence: 1, event: true }) + SEGMENTS.map((segment, index) => playlistEntry(segment, index === 0)).join('') + ENDLIST

t.test('each segment carries the query, and nothing else changes', async t => {
  const lines = signedPlaylist(Buffer.from(PLAYLIST), QUERY).toString().split('\n')
  t.strictSame(lines, PLAYLIST.split('\n').map(line => /^segment_/.test(line) ? `${line}?${QUERY}` : line))
  t.equal(lines.filter(line => line.endsWith(QUERY)).length, 3)
})

t.test('one form for all who have the same query, a few queries at a time', async t => {
  const forms = new SignedRenderings()
  const rendering = new Rendering(Buffer.from(PLAYLIST), 3)
  const form = forms.of(rendering, 'expires=1')
  t.equal(forms.of(rendering, 'expires=1'), form)
  t.equal(gunzipSync(await form.gzipped()).toString(), form.body.toString())
  t.match(form.body.toString(), /\nsegment_8\.ts\?expires=1\n/)
  t.equal(rendering.body.toString(), PLAYLIST, 'the unsigned one stays')
  t.not(forms.of(new Rendering(Buffer.from(PLAYLIST), 4), 'expires=1'), form, 'another version, another form')
  for (let link = 2; link <= 5; link++) t.match(forms.of(rendering, `expires=${link}`).body.toString(), `segment_8.ts?expires=${link}\n`)
  t.not(forms.of(rendering, 'expires=1'), form, 'the oldest was let go')
})
