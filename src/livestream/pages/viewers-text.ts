/** `2 viewers`; nothing is known before the server has told. */
export function viewersText (viewers = 0): string {
  return viewers === 1 ? '1 viewer' : `${viewers} viewers`
}
