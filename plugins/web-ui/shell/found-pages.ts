import { lazy, type ComponentType } from 'react'
import type { Page, PageProps } from '../../../src/ui/page.ts'

export interface FoundPage extends Page {
  Component: ComponentType<PageProps<string>>
}

type Module = { default: ComponentType<PageProps<string>> }

/** Every feature's list; a folder that is not there has none. */
const LISTS = import.meta.glob<readonly Page[]>(['../../../src/*/pages/pages.ts', '../../*/pages/pages.ts'], { eager: true, import: 'pages' })
const MODULES = import.meta.glob<Module>(['../../../src/*/pages/**/*-page.tsx', '../../*/pages/**/*-page.tsx'])

/** The pages of all features; a page's code is loaded when it is first shown. */
export const foundPages: readonly FoundPage[] = Object.entries(LISTS).flatMap(([list, pages]) => pages.map(page => {
  const load = MODULES[list.replace('pages.ts', page.module)]
  if (load === undefined) throw new Error(`${list} lists ${page.module}, which is not there`)
  return { ...page, Component: lazy(load) }
}))
