/** HTML for another page. @param address of the watch page */
export function embedCode (address: string): string {
  return `<iframe src="${address}?embed" title="Live stream" allow="autoplay; fullscreen; picture-in-picture" style="width: 100%; aspect-ratio: 16 / 9; border: 0"></iframe>`
}
