import { availableParallelism } from 'node:os'
import t from 'tap'
import { coresOf, groupsOf, usableCores } from '../../../src/media/admission/usable-cores.ts'

t.test('cpu.max of a control group', async t => {
  t.equal(coresOf('150000 100000\n'), 1.5)
  t.equal(coresOf('max 100000\n'), Infinity)
  for (const text of ['', '0 0', 'nonsense', '-1 100000', '100000']) t.equal(coresOf(text), Infinity, text)
})

t.test('the group of a process, and all above it', async t => {
  t.strictSame(groupsOf('0::/system.slice/headwater.service\n'), ['/', '/system.slice', '/system.slice/headwater.service'])
  t.strictSame(groupsOf('1:cpu:/one\n0::/\n'), ['/'])
  t.strictSame(groupsOf('4:memory:/one\n1:cpu:/one\n'), [], 'version 1 alone')
  t.strictSame(groupsOf(''), [])
})

t.test('the tightest group counts', async t => {
  const root = t.testdir({
    proc: { self: { cgroup: '0::/a/b\n' } },
    sys: { fs: { cgroup: { a: { 'cpu.max': '25000 100000\n', b: { 'cpu.max': '50000 100000\n' } } } } }
  })
  t.equal(await usableCores(root), 0.25)
})

t.test('without groups: the cores of the machine', async t => {
  t.equal(await usableCores(t.testdir({})), availableParallelism())
  t.equal(await usableCores(t.testdir({ proc: { self: { cgroup: '0::/\n' } }, sys: { fs: { cgroup: { 'cpu.max': 'max 100000\n' } } } })), availableParallelism())
})
