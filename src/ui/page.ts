/** What a feature's `<feature>/pages/pages.ts` exports. Plain data: the build reads it in Node. */
export interface PageList {
  pages: readonly Page[]
  /** What it adds to the head of every page. */
  mastheadPart?: MastheadPart
}

/** What is there only where the server has the feature. */
interface OfFeature {
  /** Name of the plugin that has to be registered, such as `headwater-accounts`; none: it is always there. */
  needs?: string
}

/** A page, as its feature lists it. */
export interface Page extends OfFeature {
  /** Below the server's root; `:name` stands for a parameter. */
  path: `/${string}`
  title: string
  /** The module that default-exports the page's component, from the folder of the list. It is given `PageProps`. */
  module: `${string}.tsx`
  /** What each parameter of the path looks like, without flags. Another value is answered with 404 and `otherwise`. */
  params?: Readonly<Record<string, RegExp>>
  /** Pages of other sites may show it in a frame: there is nothing on it that a stray click could do harm with. */
  embeddable?: boolean
  /** It connects to another server than this one: `rooms`, to whoever runs the rooms, where that is not this server. */
  connects?: 'rooms'
  /** Said to who comes with a parameter that cannot be. */
  otherwise?: { title: string, text: string }
}

/** Stands at the right end of every page's head. */
export interface MastheadPart extends OfFeature {
  /** The module that default-exports the component, from the folder of the list. It is given nothing. */
  module: `${string}.tsx`
  /** Parts stand in this order, the lowest at the left. Default: 0. */
  rank?: number
}

/** What a page's component is given: the parameters of its path, all of which match. */
export interface PageProps<Param extends string = never> {
  params: Readonly<Record<Param, string>>
}
