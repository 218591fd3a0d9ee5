import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

/** What stands in an object's file besides its content. */
export interface Seal {
  /** Of the content. */
  bytes: number
  contentType: string
  etag: string
}

export interface Sealed extends Seal {
  /** Milliseconds since 1970. */
  modifiedAt: number
}

/**
 * The file of an object is its content and behind it a seal of this many bytes: JSON, filled up with spaces. In one
 * file both change at once; behind the content, because only then are its size and digest known, and because the
 * content's bytes keep their places. A file without a right seal is no object.
 */
export const SEAL_BYTES = 512
/** Digests are that long, in bytes. */
const ETAG_BYTES = 16

/** Writes content and seal into an empty file. @throws what `pieces` throws */
export async function writeObject (file: FileHandle, pieces: AsyncIterable<Uint8Array>, contentType: string): Promise<Sealed> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of pieces) {
    hash.update(piece)
    bytes += piece.length
    await file.writeFile(piece)
  }
  const seal: Seal = { bytes, contentType, etag: hash.digest().subarray(0, ETAG_BYTES).toString('base64url') }
  await file.writeFile(JSON.stringify(seal).padEnd(SEAL_BYTES - 1) + '\n')
  const { size, mtimeMs } = await file.stat()
  // A full disk can show only here.
  if (size !== bytes + SEAL_BYTES) throw new Error(`${size} of ${bytes + SEAL_BYTES} bytes of an object were written`)
  return { ...seal, modifiedAt: Math.floor(mtimeMs) }
}

/** @returns undefined when it is not what {@link writeObject} writes */
export async function readSeal (file: FileHandle): Promise<Sealed | undefined> {
  const stat = await file.stat()
  if (!stat.isFile() || stat.size < SEAL_BYTES) return undefined
  const buffer = Buffer.alloc(SEAL_BYTES)
  const { bytesRead } = await file.read(buffer, 0, SEAL_BYTES, stat.size - SEAL_BYTES)
  const seal = bytesRead === SEAL_BYTES ? parseSeal(buffer.toString()) : undefined
  return seal?.bytes === stat.size - SEAL_BYTES ? { ...seal, modifiedAt: Math.floor(stat.mtimeMs) } : undefined
}

function parseSeal (text: string): Seal | undefined {
  try {
    const { bytes, contentType, etag } = JSON.parse(text) as Partial<Seal>
    return typeof bytes === 'number' && typeof contentType === 'string' && typeof etag === 'string' ? { bytes, contentType, etag } : undefined
  } catch {
    return undefined
  }
}
