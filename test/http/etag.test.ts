import t from 'tap'
import { namesEtag } from '../../src/http/etag.ts'

t.test('RFC 9110, 13.1.2: If-None-Match', async t => {
  for (const [header, isNamed] of [
    ['"one"', true], ['W/"one"', true], ['*', true], [' * ', true], ['"two", "one"', true], ['"two",W/"one"', true], ['"a, b","one"', true],
    ['"two"', false], ['one', false], ['"onet"', false], ['"one', false], ['', false], ['"a,"one"b"', false], ['"*"', false], [undefined, false]
  ] as const) t.equal(namesEtag(header, '"one"'), isNamed, String(header))
})
