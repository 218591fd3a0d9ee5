import { HeadwaterError } from './errors/catalogue.ts'

/**
 * Loads what needs Amazon's SDK, an optional dependency.
 * @param load imports it
 * @param setting what asks for it, for whoever did not install it
 * @throws HeadwaterError `CONFIG_INVALID` when it is not installed
 */
export async function loadWithSdk<T> (load: () => Promise<T>, setting: string): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const [, missing] = /Cannot find (?:package|module) '(@(?:aws-sdk|smithy)\/[a-z0-9-]+)/.exec((error as Error).message) ?? []
    if (missing === undefined) throw error
    throw new HeadwaterError('CONFIG_INVALID', { message: `${setting} is set, and needs the package ${missing}, which is not installed: install headwater with its optional dependencies (npm install --include=optional)`, cause: error })
  }
}

export interface SdkAnswer {
  /** Of HTTP; undefined where nobody answered. */
  status: number | undefined
  reason: string
}

/** What an error of the SDK's says; without addresses and keys. */
export function answerOf (error: unknown): SdkAnswer {
  const { name, code, $metadata } = error as { name?: string, code?: unknown, $metadata?: { httpStatusCode?: number } }
  return { status: $metadata?.httpStatusCode, reason: typeof code === 'string' ? code : name === 'AbortError' || name === 'TimeoutError' ? 'no answer in time' : name ?? 'unknown' }
}
