import { ApiFailure, failureOf } from './failure.ts'

/** Longer, and there is no answer: of a picture on a slow line. */
const ANSWER_MS = 60_000

export interface Call {
  /** Default: `GET`. */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Sent as JSON, or as a form with files. */
  body?: object | FormData
  headers?: Readonly<Record<string, string>>
  /** The API has no envelope: what it answers is what was asked for. */
  isBare?: boolean
  signal?: AbortSignal
}

/**
 * Asks the API, as whoever the browser's cookie says: no script holds a token.
 * @param path below `api/v1/`
 * @returns `data` of the answer, or the answer itself (`isBare`)
 * @throws ApiFailure when there is no success; the reason of `signal` when it is aborted
 */
export async function call<Data> (server: URL, path: string, { method = 'GET', body, headers = {}, isBare = false, signal }: Call = {}): Promise<Data> {
  const isForm = body instanceof FormData
  const timeout = AbortSignal.timeout(ANSWER_MS)
  try {
    const response = await fetch(new URL(`api/v1/${path}`, server), {
      method,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      headers: { ...headers, ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }) }
    })
    const answer = await response.json().catch(() => undefined) as { data: Data } | undefined
    if (!response.ok || answer === undefined) throw failureOf(response.status, answer, response.headers.get('retry-after'))
    return isBare ? answer as Data : answer.data
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof ApiFailure ? error : new ApiFailure({ status: 0 })
  }
}
