import { HeadwaterError } from './errors/catalogue.ts'

/**
 * Loads what needs an optional dependency.
 * @param load imports it
 * @param setting what asks for it, for whoever did not install it
 * @throws HeadwaterError `CONFIG_INVALID` when a package is not installed
 */
export async function loadOptional<T> (load: () => Promise<T>, setting: string): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const [, missing] = /Cannot find (?:package|module) '((?:@[a-z0-9-]+\/)?[a-z0-9][a-z0-9-]*)'/.exec((error as Error).message) ?? []
    if (missing === undefined) throw error
    throw new HeadwaterError('CONFIG_INVALID', { message: `${setting} is set, and needs the package ${missing}, which is not installed: install headwater with its optional dependencies (npm install --include=optional)`, cause: error })
  }
}
