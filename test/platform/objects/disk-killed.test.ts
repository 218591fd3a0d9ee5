import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { openDisk } from '../../../src/platform/objects/disk.ts'
import { LOADER, ownProgram } from '../../fixtures/own-program.ts'
import { Told } from '../../fixtures/told.ts'

const PROGRAM = ownProgram(new URL('../../fixtures/programs/puts-objects.ts', import.meta.url))
const KILLS = 5

t.test('a server that is killed leaves whole objects, and what it said to be there is there', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-objects-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const unfinished = async () => (await readdir(join(folder, 'objects', 'unfinished'))).length
  let [told, leftovers] = [0, 0]
  for (let kill = 0; kill < KILLS; kill++) {
    const there = new Map<string, string>()
    const child = fork(PROGRAM, [folder], { execArgv: [...LOADER], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const gone = once(child, 'exit')
    await new Promise<void>(resolve => {
      let messages = 0
      child.on('message', (message: string) => {
        const [key, etag] = message.split(' ') as [string, string]
        there.set(key, etag)
        if (++messages === 30 + kill * 17) resolve()
      })
    })
    child.kill('SIGKILL')
    await gone
    told += there.size
    leftovers += await unfinished()
    const log = new Told()
    const objects = await openDisk({ dataDir: folder, maxObjectBytes: 10_000_000 }, log)
    t.equal(await unfinished(), 0, 'what it did not finish is gone')
    const { objects: listed } = await objects.list('')
    t.ok([...there.keys()].every(key => listed.some(one => one.key === key)), `${there.size} keys that it told`)
    for (const { key, etag } of listed) {
      const found = (await objects.get(key))!
      const content = await buffer(found.body)
      const digest = createHash('sha256').update(content).digest().subarray(0, 16).toString('base64url')
      t.strictSame([content.length, digest, found.contentType], [found.bytes, etag, `text/x-${content.readUInt32BE(0)}`], `${key} is whole`)
    }
    t.strictSame(log.all('the file of an object is damaged: it counts as none'), [])
    await objects.close()
  }
  t.ok(leftovers > 0, 'it was killed in the middle of puts')
  t.comment(`killed ${KILLS} times: ${told} keys told, ${leftovers} unfinished files removed`)
})
