import type { LivekitConfig } from '../../src/config/livekit.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { keptSecret } from '../../src/secret-file.ts'

const LOCAL_KEY = 'headwater'

/** Signs the tokens of rooms; a LiveKit server has the same two. */
export interface SigningKey {
  /** Its name: who issued a token. */
  key: string
  secret: string
}

export interface SigningKeyOptions {
  isProduction: boolean
  /** Folder of a generated secret. */
  dataDir: string
}

/**
 * The key that is set; for local rooms outside production one that is made once and kept.
 * @throws HeadwaterError `CONFIG_INVALID` where none is set, and none may be made
 */
export async function openSigningKey ({ url, apiKey, apiSecret }: Pick<LivekitConfig, 'url' | 'apiKey' | 'apiSecret'>, { isProduction, dataDir }: SigningKeyOptions): Promise<SigningKey> {
  const key = apiKey === '' ? LOCAL_KEY : apiKey
  if (apiSecret !== '') return { key, secret: apiSecret }
  if (url !== '') throw new HeadwaterError('CONFIG_INVALID', { message: 'A LiveKit server needs its key and secret: apiKey and apiSecret (LIVEKIT_API_KEY, LIVEKIT_API_SECRET)' })
  if (isProduction) throw new HeadwaterError('CONFIG_INVALID', { message: 'In production rooms need a secret of their own: apiSecret (LIVEKIT_API_SECRET), at least 32 characters' })
  return { key, secret: await keptSecret(dataDir, 'livekit-api-secret') }
}
