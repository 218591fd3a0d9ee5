import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { AccountsConfig } from '../../src/config/accounts.ts'
import type { Objects } from '../../src/platform/objects/objects.ts'
import { toAvatar } from './avatar-picture.ts'
import { Turns } from './turns.ts'

type Settings = Pick<AccountsConfig, 'maxAvatarPixels' | 'avatarPixels' | 'avatarSeconds' | 'avatarQueue'>

export const AVATAR_TYPE = 'image/webp'

/** Of an account, and of what is in it: a name never comes to mean another picture. */
const NAME = /^\d{1,16}-[0-9a-f]{32}\.webp$/

/** Pictures of accounts, among the objects. */
export class Avatars {
  readonly #objects: Objects
  readonly #settings: Settings
  readonly #turns: Turns

  constructor (objects: Objects, settings: Settings) {
    this.#objects = objects
    this.#settings = settings
    this.#turns = new Turns({ atOnce: 1, waiting: settings.avatarQueue })
  }

  /** @returns its name @throws HeadwaterError `UPLOAD_FAILED`, `RATE_LIMIT_EXCEEDED` */
  async add (userId: number, upload: Buffer): Promise<string> {
    const picture = await this.#turns.take(async () => await toAvatar(upload, this.#settings))
    const name = `${userId}-${createHash('sha256').update(picture).digest('hex').slice(0, 32)}.webp`
    await this.#objects.put(keyOf(name), picture, { contentType: AVATAR_TYPE })
    return name
  }

  /** Undefined when there is none. */
  async get (name: string): Promise<{ body: Readable, bytes: number } | undefined> {
    return NAME.test(name) ? await this.#objects.get(keyOf(name)) : undefined
  }

  /** @param name empty: nothing is done */
  async remove (name: string): Promise<void> {
    if (name !== '') await this.#objects.delete(keyOf(name))
  }
}

function keyOf (name: string): string {
  return `avatars/${name}`
}
