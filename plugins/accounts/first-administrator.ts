import type { AccountsConfig } from '../../src/config/accounts.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Log } from '../../src/log.ts'
import type { Orm } from '../../src/platform/database/database.ts'
import type { Passwords } from './passwords.ts'
import { addUser, hasAdministrator } from './users.ts'

type Settings = Pick<AccountsConfig, 'adminUsername' | 'adminEmail' | 'adminPassword'>

/** Creates the administrator of the settings where there is none. An account that somebody else made is not promoted. */
export async function ensureAdministrator (orm: Orm, { adminUsername, adminEmail, adminPassword }: Settings, passwords: Passwords, log: Log): Promise<void> {
  if (adminUsername === '' || await hasAdministrator(orm)) return
  try {
    const { id } = await addUser(orm, { username: adminUsername, email: adminEmail, nickname: adminUsername, passwordHash: await passwords.hash(adminPassword), role: 'admin' })
    log.info({ userId: id }, 'the first administrator was created')
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error
    // Another server may have been faster.
    if (!await hasAdministrator(orm)) log.warn({ code: error.code }, 'There is no administrator: the name or the address of the settings (ADMIN_USERNAME, ADMIN_EMAIL) is that of another account')
  }
}
