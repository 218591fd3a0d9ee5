/** What the API takes (docs/api/meetings.md 6.2). */
export const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const
const MEGABYTE = 1_024 * 1_024
const MAX_BYTES = 5 * MEGABYTE

/** Why a file cannot be a picture of an account, in words; undefined where it may. What is in it, the server looks at. */
export function fileTrouble ({ type, size }: Pick<File, 'type' | 'size'>): string | undefined {
  if (!(PICTURE_TYPES as readonly string[]).includes(type)) return 'Choose a picture: PNG, JPEG, GIF or WebP.'
  if (size > MAX_BYTES) return `This picture has ${(Math.ceil(size / MEGABYTE * 10) / 10).toFixed(1)} MB. It may have 5.`
  return undefined
}
