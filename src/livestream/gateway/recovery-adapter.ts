import type { Namespace } from 'socket.io'
import { Adapter, type Session } from 'socket.io-adapter'

type SessionToPersist = Parameters<Adapter['persistSession']>[0]

const CLEANUP_MS = 60_000
/** Any string does: what was missed is not replayed, the present state is sent anew. */
export const SESSION_OFFSET = 'session'

/**
 * Connection state recovery without the packet log. The adapter of Socket.IO adds an offset to every
 * event, as one more argument; clients in other languages (Python's for one) hand it to handlers that
 * do not expect it. Here one event of its own carries the offset, and a recovered client gets its id,
 * rooms and data back.
 */
export class RecoveryAdapter extends Adapter {
  readonly #windowMs: number
  readonly #sessions = new Map<string, { session: Session, until: number }>()
  readonly #cleanup: NodeJS.Timeout

  /** @param windowMs how long a session waits for its client */
  constructor (namespace: Namespace, windowMs: number) {
    super(namespace)
    this.#windowMs = windowMs
    this.#cleanup = setInterval(() => this.#forgetOld(), CLEANUP_MS)
    this.#cleanup.unref()
  }

  override close (): void {
    clearInterval(this.#cleanup)
    this.#sessions.clear()
  }

  override persistSession (session: SessionToPersist): void {
    this.#sessions.set(session.pid, { session: { ...session, missedPackets: [] }, until: performance.now() + this.#windowMs })
  }

  override async restoreSession (pid: string): Promise<Session> {
    this.#forgetOld()
    const kept = this.#sessions.get(pid)
    this.#sessions.delete(pid)
    // Socket.IO takes a missing session for "not recovered"; its types do not say so.
    return kept?.session as Session
  }

  #forgetOld (): void {
    const now = performance.now()
    for (const [pid, { until }] of this.#sessions) {
      if (until < now) this.#sessions.delete(pid)
    }
  }
}
