import { ApiFailure } from '../../../../src/page-parts/api/failure.ts'
import { failureWords } from '../../../../src/page-parts/api/failure-words.ts'
import { useAction, type Action } from '../../../../src/ui/use-action.ts'

const WORDS: Partial<Record<number | string, string>> = {
  VALIDATION_ERROR: 'The server cannot take this as it is. Look at what you have filled in.',
  NOT_FOUND: 'This is not there any more.',
  INVALID_STATE: 'This cannot be done now: the session is in another state by now.',
  SESSION_FULL: 'The session is full. Try again when somebody has left.',
  RECORDING_NOT_POSSIBLE: 'This server cannot record the session.',
  SERVICE_UNAVAILABLE: 'The server that runs the rooms does not answer. Try again in a moment.'
}

/** What a failure of this API means, for people. */
export function failureText (failure: ApiFailure): string {
  return WORDS[failure.code] ?? failureWords(failure)
}

/** Something that a button does with this API; its trouble is in words. */
export function useLiveAction (): Action<string> {
  return useAction(error => error instanceof ApiFailure ? failureText(error) : undefined)
}
