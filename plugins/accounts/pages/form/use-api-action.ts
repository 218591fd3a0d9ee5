import { ApiFailure } from '../../../../src/page-parts/api/failure.ts'
import { failureWords } from '../../../../src/page-parts/api/failure-words.ts'
import { useAction, type Action } from '../../../../src/ui/use-action.ts'
import { failureProblems, type OwnWords } from './problems.ts'

/** Something that a button does with the API; its trouble is in words. @param words what failures mean here */
export function useApiAction (words?: OwnWords): Action<string> {
  return useAction(error => error instanceof ApiFailure ? failureProblems(error, [], words).whole ?? failureWords(error) : undefined)
}
