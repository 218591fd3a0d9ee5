import t from 'tap'
import { ProgressReader } from '../../../src/media/ffmpeg/progress.ts'

const BLOCK = 'frame=50\nfps=0.00\nbitrate= 614.1kbits/s\ntotal_size=154880\nout_time_us=2017000\nout_time_ms=2017000\nspeed=4.03x\nprogress=continue\n'
const REPORT = { bytes: 154_880, timeUs: 2_017_000, over: false }

t.test('a report is a block of lines, however it was split', async t => {
  for (const size of [1, 7, BLOCK.length, 1_000]) {
    const reader = new ProgressReader()
    const text = BLOCK + BLOCK.replace('continue', 'end')
    const reports = []
    for (let at = 0; at < text.length; at += size) reports.push(...reader.push(text.slice(at, at + size)))
    t.strictSame(reports, [REPORT, { ...REPORT, over: true }], `in pieces of ${size}`)
  }
})

t.test('before the first packet FFmpeg says N/A', async t => {
  t.strictSame(new ProgressReader().push('total_size=N/A\nout_time_us=N/A\nprogress=continue\n'), [{ bytes: undefined, timeUs: undefined, over: false }])
})

t.test('what is no report does no harm, and is not kept', async t => {
  const reader = new ProgressReader()
  t.strictSame(reader.push('x'.repeat(5_000_000)), [])
  t.strictSame(reader.push('\nno equals sign\n=\n' + BLOCK), [REPORT])
})
