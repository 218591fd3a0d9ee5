import fc from 'fast-check'
import t from 'tap'
import { watchDuration } from '../../../plugins/ivs/watch-duration.ts'

t.test('contracts/ivs.md 9.4 and IVS-18', async t => {
  const SAID: Record<number, string> = { 0: '0分 0秒', 3: '0分 3秒', 59: '0分 59秒', 60: '1分 0秒', 1845: '30分 45秒', 3599: '59分 59秒', 3600: '1小時 0分 0秒', 3605: '1小時 0分 5秒', 86_399: '23小時 59分 59秒', 90_061: '25小時 1分 1秒' }
  for (const [seconds, text] of Object.entries(SAID)) t.equal(watchDuration(Number(seconds)), text)
})

t.test('it says the same as the number', async t => {
  let tried = 0
  fc.assert(fc.property(fc.nat({ max: 10_000_000 }), seconds => {
    tried++
    const [, hours = '0', minutes, rest] = /^(?:(\d+)小時 )?(\d+)分 (\d+)秒$/.exec(watchDuration(seconds))!
    return Number(hours) * 3600 + Number(minutes) * 60 + Number(rest) === seconds && Number(minutes) < 60 && Number(rest) < 60
  }))
  t.ok(tried >= 100, `${tried} durations`)
})
