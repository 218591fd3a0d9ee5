/** The wait before a try after the first, in milliseconds: doubled for each, and of that somewhere between the half and the whole. @param random from 0 to 1 */
export function retryDelay (retryMs: number, attempt: number, random: number): number {
  return retryMs * 2 ** (attempt - 1) * (0.5 + random / 2)
}
