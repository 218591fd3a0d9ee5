import { ROOT } from '../../../../src/ui/root.ts'

/**
 * Where a page of this server gets a recording. The address is made for people elsewhere; its file is on this server,
 * whatever a proxy calls that.
 * @param address `<base>/<recording id>.mp4`
 */
export function fileUrl (address: string): string {
  return new URL(`recordings/${address.slice(address.lastIndexOf('/') + 1)}`, ROOT).href
}
