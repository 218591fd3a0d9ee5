import type { BroadcastHandle } from './use-broadcast.ts'

declare global {
  interface Window {
    headwaterStudio?: Pick<BroadcastHandle, 'snapshot' | 'trouble' | 'gaps'>
  }
}

/** For tests and for support: what the page knows of its broadcast, to read only. */
export function offerTestHook ({ snapshot, trouble, gaps }: BroadcastHandle): void {
  window.headwaterStudio = Object.freeze({ snapshot, trouble, gaps })
}
