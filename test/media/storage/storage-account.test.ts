import t from 'tap'
import { StorageAccount } from '../../../src/media/storage/storage-account.ts'

const OURS = { isOurs: true }

t.test('what is written counts, what could not be written does not', async t => {
  const account = new StorageAccount()
  account.begin('a', 10)
  account.begin('b', 5)
  t.equal(account.total, 15, 'from the moment it is let in')
  account.settle('a', 10, true)
  account.settle('b', 5, false)
  t.equal(account.total, 10)
  account.remove('a')
  account.remove('never there')
  account.settle('a', 10, false)
  t.equal(account.total, 0, 'a folder that is gone takes no part any more')
  t.strictSame(account.keys, ['b'])
})

t.test('what is found on disk replaces what was reckoned', async t => {
  const account = new StorageAccount()
  t.equal(account.found('a', { bytes: 100, ...OURS }, account.versionOf('a')), true)
  account.begin('a', 10)
  account.settle('a', 10, true)
  t.equal(account.total, 110)
  t.equal(account.found('a', { bytes: 60, ...OURS }, account.versionOf('a')), true)
  t.equal(account.total, 60)
})

t.test('what is found while segments come is not used', async t => {
  const account = new StorageAccount()
  account.found('a', { bytes: 100, ...OURS }, 0)
  const before = account.versionOf('a')
  account.begin('a', 10)
  t.equal(account.found('a', { bytes: 100, ...OURS }, before), false, 'one has begun since')
  t.equal(account.versionOf('a'), undefined)
  t.equal(account.found('a', { bytes: 100, ...OURS }, account.versionOf('a')), false, 'one is under way')
  account.settle('a', 10, true)
  t.equal(account.found('a', { bytes: 100, ...OURS }, before), false, 'one came in between')
  t.equal(account.total, 110)
})

t.test('what cannot go: running streams, and folders with other things in them', async t => {
  const account = new StorageAccount()
  account.found('running', { bytes: 1, isOurs: true }, 0)
  account.found('ended', { bytes: 10, isOurs: true }, 0)
  account.found('mixed', { bytes: 100, isOurs: false }, 0)
  t.equal(account.fixedBytes(key => key === 'running'), 101)
  t.equal(account.total, 111)
})
