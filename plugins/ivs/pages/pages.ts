import type { Page } from '../../../src/ui/page.ts'

/** For whoever runs the stages: there where the server has any. */
export const pages: readonly Page[] = [
  { needs: 'headwater-ivs', path: '/operator/stages', title: 'Stages', module: 'stages/stages-page.tsx' }
]
