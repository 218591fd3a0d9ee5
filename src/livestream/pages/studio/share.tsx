import type { ReactElement } from 'react'
import { CopyField } from '../../../ui/copy.tsx'
import { ROOT } from '../../../ui/root.ts'

/** Where others watch. */
export function Share ({ streamKey }: { streamKey: string }): ReactElement {
  const address = new URL(`watch/${encodeURIComponent(streamKey)}`, ROOT).href
  return (
    <section className='studio-panel' aria-labelledby='studio-share'>
      <h2 id='studio-share'>Share</h2>
      <div className='studio-share'>
        <CopyField label='Link to watch' text={address} />
        <CopyField label='Code to embed' text={embedCode(address)} />
      </div>
      <p><a href={address} target='_blank' rel='noreferrer'>Open the watch page in a new tab</a></p>
    </section>
  )
}

/** HTML for another page. @param address of the watch page */
export function embedCode (address: string): string {
  return `<iframe src="${address}?embed" title="Live stream" allow="autoplay; fullscreen; picture-in-picture" style="width: 100%; aspect-ratio: 16 / 9; border: 0"></iframe>`
}
