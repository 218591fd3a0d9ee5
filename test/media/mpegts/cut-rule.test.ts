import fc from 'fast-check'
import t from 'tap'
import { atKeyFrame, cutRule } from '../../../src/media/mpegts/cut-rule.ts'

const S = 1_000_000
const rule = cutRule(2)

t.test('the rule of DESIGN.md 3.4, for a target of 2 s', async t => {
  t.strictSame(rule, { closeUs: 1.9 * S, limitUs: 2.45 * S, longestUs: 2.499 * S, firstUs: 0.95 * S })
  t.strictSame(cutRule(1).firstUs, 0.95 * S)
  for (const { runUs, gopUs, first = false, expected } of [
    { runUs: 2 * S, gopUs: 2 * S, expected: 'close' },
    { runUs: 1.9 * S, gopUs: undefined, expected: 'close' },
    { runUs: 1.899 * S, gopUs: 0.5 * S, expected: 'go-on' },
    { runUs: 1.5 * S, gopUs: 1.5 * S, expected: 'close' },
    { runUs: 1.5 * S, gopUs: 0.5 * S, expected: 'go-on' },
    { runUs: 1.2 * S, gopUs: 1.2 * S, expected: 'go-on' },
    { runUs: 1.3 * S, gopUs: 1.3 * S, expected: 'close' },
    { runUs: 1 * S, gopUs: 1 * S, expected: 'go-on' },
    { runUs: 1 * S, gopUs: 1 * S, first: true, expected: 'close' },
    { runUs: 0.9 * S, gopUs: 0.9 * S, first: true, expected: 'go-on' },
    { runUs: 2.45 * S, gopUs: 2.45 * S, expected: 'close' },
    { runUs: 2.451 * S, gopUs: 2.451 * S, expected: 'too-late' },
    { runUs: 3.3 * S, gopUs: 3.3 * S, first: true, expected: 'too-late' },
    { runUs: 0, gopUs: 9 * S, expected: 'go-on' }
  ] as const) t.equal(atKeyFrame(rule, runUs, gopUs, first), expected, `${runUs / S} s, GOP ${(gopUs ?? NaN) / S} s${first ? ', first' : ''}`)
})

t.test('RFC 8216, 4.3.3.1: no segment that is closed rounds to more than the target', async () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 0, max: 20 * S }), fc.option(fc.integer({ min: 1, max: 20 * S }), { nil: undefined }), fc.boolean(), (target, runUs, gopUs, first) =>
    atKeyFrame(cutRule(target), runUs, gopUs, first) !== 'close' || Math.round(runUs / S) <= target))
})
