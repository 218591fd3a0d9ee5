import t from 'tap'
import { identityKey, searchPattern } from '../../../plugins/accounts/identity.ts'

t.test('names that people would take for one another are the same', async t => {
  for (const [one, other] of [['Alice', 'ALICE'], ['ＡＬＩＣＥ', 'alice'], ['Émile', 'e\u0301mile'], ['STRASSE', 'strasse'], ['ﬁona', 'FIONA'], ['ΣΊΣΥΦΟΣ', 'σίσυφος']] as const) t.equal(identityKey(one), identityKey(other), `${one} ${other}`)
  t.not(identityKey('alice'), identityKey('alicé'))
})

t.test('signs of patterns are characters', async t => {
  t.equal(searchPattern('50%_\\A'), '%50\\%\\_\\\\a%')
})
