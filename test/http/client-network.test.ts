import t from 'tap'
import { clientNetwork } from '../../src/http/client-network.ts'

t.test('an IPv4 address counts alone, however it is written', async t => {
  t.equal(clientNetwork('192.0.2.7'), '192.0.2.7')
  t.equal(clientNetwork('::ffff:192.0.2.7'), '192.0.2.7')
  t.equal(clientNetwork('::FFFF:192.0.2.7'), '192.0.2.7')
})

t.test('of IPv6 the network of 64 bits counts', async t => {
  const network = clientNetwork('2001:db8:1:2:3:4:5:6')
  t.equal(network, '2001:db8:1:2::/64')
  for (const same of ['2001:0DB8:0001:0002::', '2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:2::192.0.2.7']) t.equal(clientNetwork(same), network, same)
  for (const other of ['2001:db8:1:3::', '2001:db8:1::2', '::1', 'fe80::2']) t.not(clientNetwork(other), network, other)
  t.equal(clientNetwork('::1'), clientNetwork('::2'))
  t.equal(clientNetwork('2001:db8::1'), '2001:db8:0:0::/64')
})
