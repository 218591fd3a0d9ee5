/** The plugins that the server has, of those that something of the pages needs: it writes them into the document. */
const FEATURES = new Set(document.querySelector<HTMLMetaElement>('meta[name="features"]')!.content.split(' '))

export function hasFeature ({ needs }: { needs?: string }): boolean {
  return needs === undefined || FEATURES.has(needs)
}
