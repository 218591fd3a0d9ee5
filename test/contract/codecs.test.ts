import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'
import { newBroadcaster, sendAll } from '../fixtures/client.ts'
import { ffmpeg } from '../fixtures/generate.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'

const CHROMIUM = new URL('../fixtures/chromium/', import.meta.url)
const TONE = ['-f', 'lavfi', '-i', 'sine=r=48000:d=3']
const WEBM = ['-f', 'webm', '-live', '1', 'pipe:1']

const MADE: Record<string, () => Promise<Buffer>> = {
  'VP8 and Opus, FFmpeg': async () => await recording({ seconds: 3, video: 'vp8', audio: 'opus' }),
  'H.264 and AAC in MP4': async () => await recording({ seconds: 3, container: 'mp4' }),
  'Vorbis alone': async () => await ffmpeg([...TONE, '-c:a', 'libvorbis', ...WEBM]),
  'AAC alone in MP4': async () => await ffmpeg([...TONE, '-c:a', 'aac', '-movflags', 'empty_moov+default_base_moof', '-frag_duration', '250000', '-f', 'mp4', 'pipe:1'])
}

t.test('2, 11, codecs: VP8, VP9, AV1, H.264, Opus, Vorbis, AAC and PCM are taken, together or alone', async t => {
  const server = await startServer(t, { options: { transcodePreset: 'ultrafast' } })
  const recordings: Array<[name: string, media: Buffer]> = []
  for (const name of await readdir(CHROMIUM)) recordings.push([`Chromium's ${name}`, await readFile(new URL(name, CHROMIUM))])
  for (const [name, make] of Object.entries(MADE)) recordings.push([name, await make()])
  t.ok(recordings.length > 10)

  for (const [index, [name, media]] of recordings.entries()) {
    const key = `codec-${index}`
    const owner = await newBroadcaster(server, key)
    await sendAll(owner, key, inPieces(media, 8))
    await owner.ask('end-stream', { streamKey: key, userId: 'alice' })
    t.equal(owner.heard.count('stream-error'), 0, name)
    const { segments } = readPlaylist((await http(server, `/livestream/${key}/stream.m3u8`)).text)
    t.ok(segments.reduce((sum, { durationMs }) => sum + durationMs, 0) > 200, `${name}: ${segments.map(({ durationMs }) => durationMs).join(', ')} ms`)
    t.match(await http(server, `/livestream/${key}/${segments[0]!.name}`), { status: 200, headers: { 'content-type': 'video/mp2t' } })
    const isSound = /Chromium's (opus|pcm)\.|alone/.test(name)
    t.match(await http(server, `/livestream/${key}/thumbnail.jpg`), { status: isSound ? 404 : 200, headers: { 'content-type': isSound ? /json/ : 'image/jpeg' } }, `${name}: its picture`)
    owner.socket.disconnect()
  }
})
