import type { AccountsConfig } from '../../src/config/accounts.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'

type Settings = Pick<AccountsConfig, 'maxAvatarPixels' | 'avatarPixels' | 'avatarSeconds'>

export type PictureType = 'png' | 'jpeg' | 'gif' | 'webp'

const WEBP_QUALITY = 82

/** What the bytes are, whatever their sender called them; undefined for anything that no avatar is made of. */
export function pictureType (bytes: Buffer): PictureType | undefined {
  const begins = (signature: string, at = 0) => bytes.subarray(at, at + signature.length).toString('latin1') === signature
  if (begins('\x89PNG\r\n\x1a\n')) return 'png'
  if (begins('\xff\xd8\xff')) return 'jpeg'
  if (begins('GIF87a') || begins('GIF89a')) return 'gif'
  if (begins('RIFF') && begins('WEBP', 8)) return 'webp'
  return undefined
}

/**
 * A square WebP of a picture, upright, without anything else that was in the file. Of an animation it is the first frame.
 * The size is looked at before a pixel is decoded.
 * @throws HeadwaterError `UPLOAD_FAILED`
 */
export async function toAvatar (bytes: Buffer, { maxAvatarPixels, avatarPixels, avatarSeconds }: Settings): Promise<Buffer> {
  const type = pictureType(bytes)
  if (type === undefined) throw new HeadwaterError('UPLOAD_FAILED', { message: 'This is no PNG, JPEG, GIF or WebP' })
  const { default: sharp } = await import('sharp')
  try {
    const { format, width, height, pages = 1 } = await sharp(bytes, { limitInputPixels: false }).metadata()
    if (format !== type) throw new HeadwaterError('UPLOAD_FAILED', { message: `This is no ${type}` })
    if (width * height * pages > maxAvatarPixels) throw new HeadwaterError('UPLOAD_FAILED', { message: `The picture has more than ${maxAvatarPixels} pixels` })
    return await sharp(bytes, { limitInputPixels: maxAvatarPixels, failOn: 'error' })
      .rotate()
      .resize(avatarPixels, avatarPixels, { fit: 'cover' })
      .webp({ quality: WEBP_QUALITY })
      .timeout({ seconds: avatarSeconds })
      .toBuffer()
  } catch (error) {
    if (error instanceof HeadwaterError) throw error
    throw new HeadwaterError('UPLOAD_FAILED', { message: 'The picture cannot be read', cause: error })
  }
}
