import { useEffect, useState } from 'react'
import { resetTokenIn } from './reset-token.ts'

/**
 * The token of the address. It is taken out of there at once: out of the history, out of what is copied, out of
 * pictures of the window. Another link in the same tab brings another one.
 */
export function useResetToken (): string | undefined {
  const [token, setToken] = useState(() => resetTokenIn(location))
  useEffect(() => {
    const take = () => {
      const found = resetTokenIn(location)
      if (found === undefined) return
      setToken(found)
      history.replaceState(history.state, '', location.pathname)
    }
    take()
    addEventListener('hashchange', take)
    return () => removeEventListener('hashchange', take)
  }, [])
  return token
}
