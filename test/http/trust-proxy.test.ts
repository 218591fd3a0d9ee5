import t from 'tap'
import { clientAddress, trustedProxies } from '../../src/http/trust-proxy.ts'

const from = (setting: string, peer: string, forwarded?: string) => clientAddress(peer, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, trustedProxies(setting))

t.test('nobody is trusted by default', async t => {
  for (const setting of ['off', '', '0', ' off ']) t.equal(from(setting, '10.0.0.1', '1.2.3.4'), '10.0.0.1')
})

t.test('a number of proxies', async t => {
  t.equal(from('1', '10.0.0.1', '1.2.3.4'), '1.2.3.4')
  t.equal(from('1', '10.0.0.1', '6.6.6.6, 1.2.3.4'), '1.2.3.4', 'what the client itself claims is further away')
  t.equal(from('2', '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.2'), '1.2.3.4')
  t.equal(from('1', '10.0.0.1'), '10.0.0.1')
})

t.test('addresses and networks', async t => {
  t.equal(from('10.0.0.0/8, ::1', '10.1.2.3', '6.6.6.6, 1.2.3.4'), '1.2.3.4')
  t.equal(from('10.0.0.0/8', '10.1.2.3', '1.2.3.4, 10.9.9.9'), '1.2.3.4')
  t.equal(from('10.0.0.0/8', '9.9.9.9', '1.2.3.4'), '9.9.9.9', 'who is not named is not believed')
  t.equal(from('loopback', '::ffff:127.0.0.1', '1.2.3.4'), '1.2.3.4')
})

t.test('anything else is no setting', async t => {
  for (const setting of ['on', 'true', '-1', '1.5', '10.0.0.0/99', 'proxy.example', '10.0.0.1,,']) {
    t.throws(() => trustedProxies(setting), { code: 'CONFIG_INVALID', message: /TRUST_PROXY/ }, setting)
  }
})
