import type { BroadcastHandle } from '../../../page-parts/source/use-broadcast.ts'

declare global {
  interface Window {
    /**
     * For tests and for support: what the page knows of its broadcast, to read only.
     *
     * - `snapshot`: `BroadcastSnapshot`; undefined before the first start
     * - `trouble`: what went wrong last, and did not end it
     * - `gaps`: what viewers have missed
     */
    headwaterStudio?: Pick<BroadcastHandle, 'snapshot' | 'trouble' | 'gaps'>
  }
}

/** @returns what takes it away again */
export function showForSupport ({ snapshot, trouble, gaps }: BroadcastHandle): () => void {
  const hook = window.headwaterStudio = Object.freeze({ snapshot, trouble, gaps })
  return () => { if (window.headwaterStudio === hook) delete window.headwaterStudio }
}
