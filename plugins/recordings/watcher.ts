import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { Watcher } from '../../src/recordings/recordings.ts'

/** What this feature needs of accounts, where there are any. */
interface Accounts {
  guards: { identify: onRequestAsyncHookHandler }
}

interface Asking {
  account?: { id: number, role: string } | null
}

const nobody: onRequestAsyncHookHandler = async () => {}

/** Finds out who asks, where the scope has accounts. */
export function identify (app: FastifyInstance): onRequestAsyncHookHandler {
  if (!app.hasDecorator('accounts')) return nobody
  // A host may have something else by that name.
  const { guards } = app.getDecorator<Partial<Accounts>>('accounts')
  return guards?.identify ?? nobody
}

/** Who asks, after `identify`. */
export function watcherOf (request: FastifyRequest): Watcher {
  const { account } = request as Asking
  return { accountId: account?.id, isAdmin: account?.role === 'admin' }
}
