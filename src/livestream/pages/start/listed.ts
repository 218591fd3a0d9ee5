/** A stream as `livestream/active` lists it. */
export interface Listed {
  streamId: string
  status: string
  /** ISO 8601. */
  startedAt: string
  viewers: number
  title?: string
  /** There is a picture of it, or will be. */
  thumbnailUrl?: string
}

/** A stream as the page shows it. */
export interface LiveStream {
  key: string
  name: string
  /** Its broadcaster is away and may come back. */
  reconnecting: boolean
  startedAt: Date
  viewers: number
  hasPicture: boolean
}

/** What is on air: who has only prepared a stream has not begun. The most watched first, then the newest. */
export function liveStreams (listed: readonly Listed[]): LiveStream[] {
  return listed
    .filter(({ status }) => status === 'broadcasting' || status === 'reconnecting')
    .map(({ streamId, status, startedAt, viewers, title, thumbnailUrl }) => ({
      key: streamId,
      name: title ?? streamId,
      reconnecting: status === 'reconnecting',
      startedAt: new Date(startedAt),
      viewers,
      hasPicture: thumbnailUrl !== undefined
    }))
    .sort((a, b) => b.viewers - a.viewers || b.startedAt.getTime() - a.startedAt.getTime() || (a.key < b.key ? -1 : 1))
}

/** Since when: the time of day, with the day where that is another. In the words of the reader's own clock. */
export function sinceText (startedAt: Date, now: Date, locale?: string): string {
  const time = startedAt.toLocaleTimeString(locale, { hour: 'numeric', minute: '2-digit' })
  if (startedAt.toDateString() === now.toDateString()) return `since ${time}`
  return `since ${startedAt.toLocaleDateString(locale, { day: 'numeric', month: 'short' })}, ${time}`
}

/** How a test picture is sent to this server from its repository. @param root the server's root */
export function senderCommand ({ origin, pathname }: URL): string {
  const options = [
    ...(origin === 'http://127.0.0.1:5050' ? [] : [`--url ${origin}`]),
    ...(pathname === '/' ? [] : [`--path ${pathname}socket.io`])
  ]
  return ['npm run fake-broadcaster', ...(options.length === 0 ? [] : ['--', ...options])].join(' ')
}
