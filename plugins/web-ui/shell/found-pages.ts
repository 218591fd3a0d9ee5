import { lazy, type ComponentType, type LazyExoticComponent } from 'react'
import type { Page, PageList, PageProps } from '../../../src/ui/page.ts'
import { hasFeature } from './features.ts'

export interface FoundPage extends Page {
  Component: ComponentType<PageProps<string>>
}

type Module<Props> = { default: ComponentType<Props> }

/** Every feature's list; a folder that is not there has none. */
const LISTS = Object.entries(import.meta.glob<PageList>(['../../../src/*/pages/pages.ts', '../../*/pages/pages.ts'], { eager: true }))
const MODULES = import.meta.glob<Module<PageProps<string>>>(['../../../src/*/pages/**/*-page.tsx', '../../*/pages/**/*-page.tsx'])
const PARTS = import.meta.glob<Module<object>>(['../../../src/*/pages/**/*-part.tsx', '../../*/pages/**/*-part.tsx'])

/** The pages of all features that the server has; a page's code is loaded when it is first shown. */
export const foundPages: readonly FoundPage[] = LISTS.flatMap(([list, { pages }]) => pages.filter(hasFeature).map(page =>
  ({ ...page, Component: lazy(moduleOf(MODULES, list, page.module)) })))

/** What those features add to the head of every page. One that cannot be loaded is not missed: the page goes on. */
export const foundParts: ReadonlyArray<LazyExoticComponent<ComponentType>> = LISTS
  .flatMap(([list, { mastheadPart }]) => mastheadPart === undefined || !hasFeature(mastheadPart) ? [] : [{ list, ...mastheadPart }])
  .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
  .map(({ list, module }) => {
    const load = moduleOf(PARTS, list, module)
    return lazy(async () => await load().catch(() => ({ default: () => null })))
  })

function moduleOf<Loaded> (modules: Record<string, () => Promise<Loaded>>, list: string, name: string): () => Promise<Loaded> {
  const load = modules[list.replace('pages.ts', name)]
  if (load === undefined) throw new Error(`${list} lists ${name}, which is not there`)
  return load
}
