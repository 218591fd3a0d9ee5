import t from 'tap'
import { readDetails, writeDetails } from '../../../plugins/livekit-rooms/room-details.ts'
import { isOwnName, newRoomName } from '../../../plugins/livekit-rooms/room-name.ts'
import { isSessionRoom } from '../../../src/rooms/room-names.ts'

t.test('names of rooms', async t => {
  const names = Array.from({ length: 200 }, () => newRoomName(new Date(1_736_598_234_999)))
  for (const name of names) t.match(name, /^room-1736598234-[0-9a-z]{6}$/)
  t.ok(new Set(names).size > 190, 'they differ')
  t.ok(names.every(isOwnName))
  for (const name of ['test-room', 'RM_dSbCDo6CDPQU', 'room-1736598234-X7K2M9', 'room-1736598234-x7k2m', 'room-x-x7k2m9', 'my-room-1736598234-x7k2m9', 'room-1736598234-x7k2m9\n']) t.notOk(isOwnName(name), name)
  for (const name of ['0f8fad5b-d9cb-469f-a165-70867728950e', '0F8FAD5B-D9CB-469F-A165-70867728950E']) t.ok(isSessionRoom(name), name)
  for (const name of ['room-1736598234-x7k2m9', '0f8fad5b-d9cb-469f-a165-70867728950', 'x0f8fad5b-d9cb-469f-a165-70867728950e', '0f8fad5b-d9cb-469f-a165-70867728950ex', 'RM_abc', '']) t.notOk(isSessionRoom(name), name)
})

t.test('what a room is about', async t => {
  const details = { topic: '새 회의 "x"', description: '', createdBy: 'host-user' }
  t.strictSame(readDetails(writeDetails(details)), details)
  t.strictSame(readDetails('{"topic":"tea","other":1}'), { topic: 'tea', description: '', createdBy: '' })
  for (const metadata of ['', 'text', '{', '5', 'null', '"topic"', '[{"topic":"x"}]', '{"topic":5,"description":[],"createdBy":{}}']) t.strictSame(readDetails(metadata), { topic: '', description: '', createdBy: '' }, metadata)
})
