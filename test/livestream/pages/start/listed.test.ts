import t from 'tap'
import { liveStreams, senderCommand, sinceText, type Listed } from '../../../../src/livestream/pages/start/listed.ts'

const stream = (streamId: string, rest: Partial<Listed> = {}): Listed => ({ streamId, status: 'broadcasting', startedAt: '2026-05-01T10:00:00.000Z', viewers: 0, ...rest })

t.test('what is live', async t => {
  const streams = liveStreams([
    stream('soon', { status: 'waiting' }),
    stream('over', { status: 'ending' }),
    stream('b'),
    stream('a'),
    stream('newer', { startedAt: '2026-05-01T10:00:01.000Z', title: 'Newer' }),
    stream('watched', { viewers: 3, status: 'reconnecting', thumbnailUrl: '/livestream/watched/thumbnail.jpg' })
  ])
  t.strictSame(streams.map(({ key }) => key), ['watched', 'newer', 'a', 'b'], 'the most watched first, then the newest')
  t.match(streams[0], { name: 'watched', reconnecting: true, viewers: 3, hasPicture: true, startedAt: new Date('2026-05-01T10:00:00.000Z') })
  t.match(streams[1], { name: 'Newer', reconnecting: false, hasPicture: false })
})

t.test('since when', async t => {
  const began = new Date(2026, 4, 1, 22, 5)
  t.equal(sinceText(began, new Date(2026, 4, 1, 23), 'en-GB'), 'since 22:05')
  t.equal(sinceText(began, new Date(2026, 4, 2, 0, 1), 'en-GB'), 'since 1 May, 22:05')
})

t.test('how to send to this server', async t => {
  t.equal(senderCommand(new URL('http://127.0.0.1:5050/')), 'npm run fake-broadcaster')
  t.equal(senderCommand(new URL('https://example.org/')), 'npm run fake-broadcaster -- --url https://example.org')
  t.equal(senderCommand(new URL('http://127.0.0.1:5050/video/')), 'npm run fake-broadcaster -- --path /video/socket.io')
})
