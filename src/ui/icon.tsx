import type { ReactElement } from 'react'

/** Paths on a field of 24 by 24, drawn as lines 2 wide. */
const SHAPES = {
  camera: 'M3 8a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2Zm13 3 5-3v8l-5-3',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  copy: 'M9 9h9a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2v-9m-2 5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2',
  forward: 'm5 6 8 6-8 6Zm12 0v12',
  microphone: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3Zm-6 8a6 6 0 0 0 12 0m-6 6v4',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6.5 9a6.5 6.5 0 0 1 13 0M16 4.4a3.5 3.5 0 0 1 0 6.2m2.5 3.6a6.5 6.5 0 0 1 3 5.8',
  picture: 'M3 6a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2Zm0 9c3-3 6-3 9 0s6 3 9 0M8.5 9.5v.01',
  play: 'm7 4 12 8-12 8Z',
  replay: 'M4 5v5h5M4.6 9.6A8 8 0 1 1 4 14',
  screen: 'M3 6a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2Zm5 15h8m-4-4v4',
  share: 'M12 15V3m-4 4 4-4 4 4M6 11H5v9a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-9h-1',
  'sound-off': 'M4 9v6h4l5 4V5L8 9Zm12.5 0 5.5 6m0-6-5.5 6',
  warning: 'M12 4 2.5 20h19Zm0 6v4.5m0 2.5v.5'
} as const

export type IconName = keyof typeof SHAPES

/** A small drawing beside words, which it does not replace: it is not spoken. */
export function Icon ({ name, size = 20 }: { name: IconName, size?: number }): ReactElement {
  return (
    <svg viewBox='0 0 24 24' width={size} height={size} fill='none' stroke='currentColor' strokeWidth={2} strokeLinecap='round' strokeLinejoin='round' aria-hidden='true'>
      <path d={SHAPES[name]} />
    </svg>
  )
}
