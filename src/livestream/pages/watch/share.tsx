import type { ReactElement } from 'react'
import { Button } from '../../../ui/button.tsx'
import { CopyButton } from '../../../ui/copy.tsx'
import { Icon } from '../../../ui/icon.tsx'

/** The link to a page: through what a phone has for that, else onto the clipboard. */
export function Share ({ title, url }: { title: string, url: string }): ReactElement {
  if (!('share' in navigator) || !matchMedia('(pointer: coarse)').matches) return <CopyButton text={url} label='Copy link' />
  // Who changes their mind is not told so.
  const share = () => { navigator.share({ title, url }).catch(() => {}) }
  return <Button kind='quiet' onClick={share}><Icon name='share' />Share</Button>
}
