import t from 'tap'
import { invitationIn, Invitations } from '../../../../../plugins/live-sessions/pages/invitation/invitation.ts'

class Shelf extends Map<string, string> {
  getItem (name: string): string | null { return this.get(name) ?? null }
  setItem (name: string, value: string): void { this.set(name, value) }
}

t.test('the token of an address', async t => {
  t.equal(invitationIn('?invite_token=a.b-c_d&x=1'), 'a.b-c_d')
  for (const search of ['', '?x=1', '?invite_token=']) t.equal(invitationIn(search), undefined, search)
})

t.test('tokens are kept for each session of each server', async t => {
  const shelf = new Shelf()
  const [here, there] = ['http://host/', 'http://host/two/'].map(root => new Invitations(new URL(root), shelf))
  here!.write('one', 'token')
  t.equal(here!.read('one'), 'token')
  t.equal(new Invitations(new URL('http://host/'), shelf).read('one'), 'token', 'after a reload')
  t.equal(here!.read('two'), undefined)
  t.equal(there!.read('one'), undefined)
})

t.test('where a browser keeps nothing, or has no room, they are known until the document is closed', async t => {
  const full = { getItem: () => null, setItem () { throw new Error('QuotaExceededError') } }
  for (const shelf of [undefined, full]) {
    const invitations = new Invitations(new URL('http://host/'), shelf)
    invitations.write('one', 'token')
    t.equal(invitations.read('one'), 'token')
  }
})
