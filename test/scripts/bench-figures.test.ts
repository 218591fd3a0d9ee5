import t from 'tap'
import { spreadOf } from '../bench/figures.ts'
import { readWrk } from '../bench/load/wrk.ts'
import { readDescent, readRunNs } from '../bench/processor-time.ts'
import { readSmapsRollup } from '../bench/resident-memory.ts'
import { table, verdictOf, type Row } from '../bench/table.ts'
import { atMost } from '../bench/work.ts'

t.test('a spread is the median with both ends', async t => {
  t.same(spreadOf([5, 1, 3]), { median: 3, least: 1, most: 5 })
  t.same(spreadOf([2]), { median: 2, least: 2, most: 2 })
  t.throws(() => spreadOf([]), { message: /Nothing/ })
})

t.test('what the kernel says of a process', async t => {
  t.equal(readRunNs('3306229 120 17\n'), 3_306_229)
  t.throws(() => readRunNs('nothing'), { message: /schedstat/ })
  t.strictSame(readDescent('4242 (a (strange) name) S 17 4242 4242 0 -1 4194304'), { program: 'a (strange) name', parent: 17 })
  const rollup = '7f00-7fff ---p 00000000 00:00 0 [rollup]\nRss:  5000 kB\nPss:  3000 kB\nPss_Dirty:  9 kB\nPrivate_Clean:  100 kB\nPrivate_Dirty:  2000 kB\n'
  t.same(readSmapsRollup(rollup), { privateBytes: 2_100 * 1024, proportionalBytes: 3_000 * 1024 })
  t.throws(() => readSmapsRollup('Rss: 1 kB\n'), { message: /Private_Clean/ })
})

t.test('what wrk says', async t => {
  const said = 'Running 1s test @ http://127.0.0.1:1/x\n  1 threads and 32 connections\n  41234 requests in 1.00s, 70.31MB read\nRequests/sec:  41200.00\n'
  t.equal(readWrk(said), 41_234)
  t.throws(() => readWrk(`${said}  Non-2xx or 3xx responses: 12\n`), { message: /responses: 12/ })
  t.throws(() => readWrk(`  Socket errors: connect 0, read 3, write 0, timeout 0\n${said}`), { message: /read 3/ })
  t.throws(() => readWrk('unable to connect'), { message: /unable/ })
})

t.test('a line is judged by its median, and only where it has a goal', async t => {
  const line = { id: 'a', name: 'a thing', goal: '<= 2', meets: atMost(2), format: String }
  const met: Row = { line, values: [1, 2, 9] }
  const missed: Row = { line, values: [1, 3, 3] }
  const compared: Row = { line: { id: 'b', name: 'another', format: String }, values: [7] }
  t.equal(verdictOf(met), 'met')
  t.equal(verdictOf(missed), 'missed')
  t.equal(verdictOf(compared), '')
  t.equal(table([met, compared]), [
    '| Work | Goal | Measured: median (least to most) | Verdict |',
    '|---|---|---|---|',
    '| a thing | <= 2 | 2 (1 to 9) | met |',
    '| another |  | 7 (7 to 7) |  |'
  ].join('\n'))
})
