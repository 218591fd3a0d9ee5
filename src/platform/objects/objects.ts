import type { Readable } from 'node:stream'

/** What a list tells of an object. */
export interface ListedObject {
  key: string
  bytes: number
  /** Changes with the content. Without the quotes of HTTP. */
  etag: string
  /** Milliseconds since 1970; S3 knows whole seconds. */
  modifiedAt: number
}

/** What is known of an object without reading it. */
export interface ObjectInfo extends ListedObject {
  contentType: string
}

/** Bytes from `start` to `end`, both included, as in HTTP. An end beyond the object's means the object's. */
export interface ByteRange {
  start: number
  end: number
}

export interface StoredObject extends ObjectInfo {
  /** The whole, or the range that was asked for. Has to be read to its end, or destroyed. */
  body: Readable
}

export interface ObjectPage {
  objects: ListedObject[]
  /** Goes into the next call as `after`; undefined at the end. */
  next: string | undefined
}

export interface ListOptions {
  /** Objects in a page, 1 to 1000 (default). */
  limit?: number
  /** Only keys behind this one. */
  after?: string
}

export interface PutOptions {
  /** As in HTTP, 200 characters at most. */
  contentType: string
}

/**
 * Files by key, on the disk or in S3. Keys are parts of `[A-Za-z0-9._-]` with `/` between them, none of them `.` or `..`,
 * each 200 characters at most, 512 together. Keys are not folders: `a` and `a/b` may both be there.
 *
 * A key, prefix, content type or page size that cannot be is `INVALID_REQUEST`; an S3 that does not answer, or refuses,
 * is `OBJECTS_UNAVAILABLE`.
 */
export interface Objects {
  readonly kind: 'disk' | 's3'
  /**
   * Whole or not at all: until it is there, and if it fails, whoever gets the key gets what was there before. A stream
   * of bytes is read to its end, or destroyed. Of several at once for one key, the last to end counts.
   * @throws HeadwaterError `PAYLOAD_TOO_LARGE`, `STORAGE_FULL`; the stream's own error
   */
  put (key: string, body: Uint8Array | Readable, options: PutOptions): Promise<ObjectInfo>
  /** Undefined when there is none. @throws HeadwaterError `RANGE_NOT_SATISFIABLE` */
  get (key: string, range?: ByteRange): Promise<StoredObject | undefined>
  info (key: string): Promise<ObjectInfo | undefined>
  /** Objects whose keys begin with `prefix`, in the order of their keys (of their bytes), a page at a time. */
  list (prefix: string, options?: ListOptions): Promise<ObjectPage>
  /** Does nothing where there is none. */
  delete (key: string): Promise<void>
  /**
   * An address at which anybody can get the object for a while (S3: seven days at most), also if it comes to be there
   * only later; undefined where only this server can give it out.
   */
  signedUrl (key: string, options: { seconds: number }): Promise<string | undefined>
  /** Why it cannot be used at present; undefined when it can. */
  trouble (): Promise<string | undefined>
  /** Ends what is under way: bodies are destroyed, unfinished puts fail. */
  close (): Promise<void>
}
