import { STREAM_KEY } from '../../media/stream-key.ts'
import type { Page } from '../../ui/page.ts'

/** The pages of the live core. */
export const pages: readonly Page[] = [
  { path: '/', title: 'Live now', module: 'start/start-page.tsx' },
  { path: '/studio', title: 'Go live', module: 'studio/studio-page.tsx' },
  {
    path: '/watch/:streamId',
    title: 'Watch',
    module: 'watch/watch-page.tsx',
    params: { streamId: STREAM_KEY },
    embeddable: true,
    otherwise: {
      title: 'No stream can have this name',
      text: 'The name of a stream has 1 to 128 letters, digits, dots, underscores and hyphens, and begins with a letter or a digit. Please check the address.'
    }
  }
]
