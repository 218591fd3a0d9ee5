import type { AccountsConfig } from '../../src/config/accounts.ts'
import type { Log } from '../../src/log.ts'
import { UnderWay } from '../../src/under-way.ts'

type Settings = Pick<AccountsConfig, 'smtpUrl' | 'mailFrom' | 'smtpTimeoutSeconds' | 'mailQueue'>

export interface Letter {
  to: string
  subject: string
  text: string
}

/** Mail goes out on its own: nobody waits for it, so nobody learns by waiting who gets one. */
export class Mail {
  readonly #settings: Settings
  readonly #log: Log
  readonly #underWay = new UnderWay()

  constructor (settings: Settings, log: Log) {
    this.#settings = settings
    this.#log = log
  }

  get isConfigured (): boolean { return this.#settings.smtpUrl !== '' }

  /**
   * What cannot be written or sent is logged, without whom it was for and what it said.
   * @param write is called when there is room for another one
   */
  send (write: () => Promise<Letter>): void {
    if (this.#underWay.size >= this.#settings.mailQueue) {
      this.#log.warn({ underWay: this.#underWay.size }, 'a mail was not sent: too many are under way (MAIL_QUEUE)')
      return
    }
    void this.#underWay.track(this.#deliver(write).catch((error: unknown) => { this.#log.error({ reason: codesOf(error) }, 'a mail could not be sent (SMTP_URL)') }))
  }

  /** When all that was under way has been sent, or has failed. */
  async close (): Promise<void> {
    await this.#underWay.idle()
  }

  async #deliver (write: () => Promise<Letter>): Promise<void> {
    const letter = await write()
    const { createTransport } = await import('nodemailer')
    const { smtpUrl, smtpTimeoutSeconds } = this.#settings
    const ms = smtpTimeoutSeconds * 1000
    const transport = createTransport({ url: smtpUrl, connectionTimeout: ms, greetingTimeout: ms, socketTimeout: ms, dnsTimeout: ms, disableFileAccess: true, disableUrlAccess: true })
    try {
      await transport.sendMail({ from: this.#settings.mailFrom, ...letter })
    } finally {
      transport.close()
    }
  }
}

/** The server's own words may have the address in them. */
function codesOf (error: unknown): object {
  const { code, responseCode, command, syscall } = error as { code?: unknown, responseCode?: unknown, command?: unknown, syscall?: unknown }
  return { code, responseCode, command, syscall }
}
