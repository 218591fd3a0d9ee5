interface Share {
  bytes: number
  /** Segments that are being written: taken into account, but not to be found on disk yet. */
  writing: number
  /** Changes with every segment. */
  version: number
  /** It could be removed if its stream were over. */
  isOurs: boolean
}

/** How many bytes each stream's folder holds. Pure. */
export class StorageAccount {
  readonly #shares = new Map<string, Share>()
  #total = 0

  /** All folders together. */
  get total (): number { return this.#total }
  get keys (): string[] { return [...this.#shares.keys()] }

  /** Bytes in folders that cannot be removed. */
  fixedBytes (isRunning: (key: string) => boolean): number {
    let bytes = 0
    for (const [key, share] of this.#shares) if (!share.isOurs || isRunning(key)) bytes += share.bytes
    return bytes
  }

  /** A segment is about to be written. */
  begin (key: string, bytes: number): void {
    const share = this.#shares.get(key) ?? { bytes: 0, writing: 0, version: 0, isOurs: true }
    this.#shares.set(key, share)
    share.writing++
    this.#change(share, bytes)
  }

  /** It was written, or could not be. */
  settle (key: string, bytes: number, written: boolean): void {
    const share = this.#shares.get(key)
    if (share === undefined) return
    share.writing--
    this.#change(share, written ? 0 : -bytes)
  }

  /** To be asked before one looks at the disk; undefined while the folder cannot be counted. */
  versionOf (key: string): number | undefined {
    const share = this.#shares.get(key)
    return share === undefined ? 0 : share.writing > 0 ? undefined : share.version
  }

  /** What was found on disk. @returns false when segments came or went while one looked: it is not used then */
  found (key: string, content: { bytes: number, isOurs: boolean }, version: number | undefined): boolean {
    if (version === undefined || this.versionOf(key) !== version) return false
    this.#total += content.bytes - (this.#shares.get(key)?.bytes ?? 0)
    this.#shares.set(key, { bytes: content.bytes, isOurs: content.isOurs, writing: 0, version })
    return true
  }

  /** The folder is gone. */
  remove (key: string): void {
    this.#total -= this.#shares.get(key)?.bytes ?? 0
    this.#shares.delete(key)
  }

  #change (share: Share, bytes: number): void {
    share.bytes += bytes
    share.version++
    this.#total += bytes
  }
}
