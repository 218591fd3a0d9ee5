import { parse, serialize } from 'cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** The access token, for everything on this host. */
export const ACCESS_COOKIE = 'auth_token'
/** The refresh token. It has no path, so that browsers send it to the folder of paths that it came from alone, whatever a proxy makes of them. */
export const REFRESH_COOKIE = 'auth_refresh'

export interface CookieSettings {
  accessSeconds: number
  refreshSeconds: number
  /** Empty: the host that was asked. */
  domain: string
}

export interface SessionTokens {
  access: string
  refresh: string
}

/** The cookies of a request that are of a session. */
export function readSessionCookies ({ headers: { cookie } }: FastifyRequest): { access: string | undefined, refresh: string | undefined } {
  if (cookie === undefined) return { access: undefined, refresh: undefined }
  const all = parse(cookie)
  return { access: all[ACCESS_COOKIE], refresh: all[REFRESH_COOKIE] }
}

export function setSessionCookies (reply: FastifyReply, { access, refresh }: SessionTokens, settings: CookieSettings): void {
  const { domain, accessSeconds, refreshSeconds } = settings
  const secure = reply.request.protocol === 'https'
  const common = { httpOnly: true, secure, ...(domain === '' ? {} : { domain }) }
  reply.header('set-cookie', serialize(ACCESS_COOKIE, access, { ...common, sameSite: 'lax', path: '/', maxAge: accessSeconds }))
  reply.header('set-cookie', serialize(REFRESH_COOKIE, refresh, { ...common, sameSite: 'strict', maxAge: refreshSeconds }))
}

/** Browsers forget them. */
export function clearSessionCookies (reply: FastifyReply, settings: CookieSettings): void {
  setSessionCookies(reply, { access: '', refresh: '' }, { ...settings, accessSeconds: 0, refreshSeconds: 0 })
}
