import t from 'tap'
import { acceptsCoding } from '../../src/http/content-coding.ts'

t.test('what a client takes', async t => {
  for (const header of ['gzip', 'deflate, gzip', 'br;q=1.0, gzip;q=0.5', 'GZIP', ' gzip ; q=0.001 ']) t.ok(acceptsCoding(header, 'gzip'), header)
  for (const header of [undefined, '', 'identity', 'gzip;q=0', 'gzip; q=0.000', 'br', 'x-gzip-not', '*']) t.notOk(acceptsCoding(header, 'gzip'), String(header))
  t.ok(acceptsCoding('gzip, br', 'br'))
  t.notOk(acceptsCoding('gzip, br;q=0', 'br'))
})
