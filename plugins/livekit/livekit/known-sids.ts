import { RecentMap } from '../../../src/recent-map.ts'

/** Which room a sid was, also after one was made again under its name: the server forgets that. */
export class KnownSids {
  readonly #names: RecentMap<string, string>

  /** @param max beyond so many those that were seen longest ago are forgotten */
  constructor (max: number) {
    this.#names = new RecentMap(max)
  }

  see ({ sid, name }: { sid: string, name: string }): void {
    this.#names.set(sid, name)
  }

  nameOf (sid: string): string | undefined {
    return this.#names.get(sid)
  }
}
