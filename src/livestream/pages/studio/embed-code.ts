/** HTML for another page. @param address of the watch page */
export function embedCode (address: string): string {
  const [page, query] = address.split('?')
  const source = query === undefined ? `${page}?embed` : `${page}?embed&amp;${query.replaceAll('&', '&amp;')}`
  return `<iframe src="${source}" title="Live stream" allow="autoplay; fullscreen; picture-in-picture" style="width: 100%; aspect-ratio: 16 / 9; border: 0"></iframe>`
}
