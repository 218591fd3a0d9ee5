import { HeadwaterError } from '../errors/catalogue.ts'

/**
 * Whether a question was answered with no. Of a stream that a feature owns a stranger is told what they would be told if
 * there were none.
 * @throws what says that nobody could decide
 */
export async function isStranger (asked: Promise<void>): Promise<boolean> {
  try {
    await asked
    return false
  } catch (error) {
    if (error instanceof HeadwaterError && error.statusCode < 500) return true
    throw error
  }
}
