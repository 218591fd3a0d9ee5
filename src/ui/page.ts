/** A page, as its feature lists it in `<feature>/pages/pages.ts`. Plain data: the build reads it in Node. */
export interface Page {
  /** Below the server's root; `:name` stands for a parameter. */
  path: `/${string}`
  title: string
  /** The module that default-exports the page's component, from the folder of the list. It is given `PageProps`. */
  module: `${string}.tsx`
  /** What each parameter of the path looks like, without flags. Another value is answered with 404 and `otherwise`. */
  params?: Readonly<Record<string, RegExp>>
  /** Pages of other sites may show it in a frame: there is nothing on it that a stray click could do harm with. */
  embeddable?: boolean
  /** Said to who comes with a parameter that cannot be. */
  otherwise?: { title: string, text: string }
}

/** What a page's component is given: the parameters of its path, all of which match. */
export interface PageProps<Param extends string = never> {
  params: Readonly<Record<Param, string>>
}
