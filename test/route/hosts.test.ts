import { expect, test } from 'vitest'
import type { NextHop } from '../../src/mail/next-hop.ts'
import { reply } from '../../src/mail/reply.ts'
import type { HostPort } from '../../src/mail/settings.ts'
import type { HostsOptions } from '../../src/route/candidates.ts'
import { hostsToTry } from '../../src/route/hosts.ts'
import { ownHost } from '../../src/route/own-host.ts'
import * as fake from '../dns/fake-server.ts'
import { d, resolverOf } from '../dns/lab.ts'

const at = (host: string, port = 2525): HostPort => ({ host, port })
const list = (...hosts: HostPort[]): NextHop => ({ kind: 'hosts', key: 'hosts', hosts })

/** `a.test` and `b.test` have addresses, `gone.test` does not exist, `dead.test` is SERVFAIL, `mx.test` has an MX alone. */
async function lab(options: Partial<HostsOptions> = {}) {
  const server = await fake.fakeServer((asked) => {
    const { name, type } = asked
    if (name === 'gone.test') return fake.nxdomain(asked)
    if (name === 'dead.test') return fake.servfail(asked)
    if (name === 'mx.test' && type === 'MX') return fake.reply(asked, { answers: [fake.mx(name, 10, 'a.test')] })
    if (name === 'a.test' && type === 'A') return fake.reply(asked, { answers: [fake.a(name, '192.0.2.1')] })
    if (name === 'b.test' && type === 'A') {
      return fake.reply(asked, { answers: [fake.a(name, '192.0.2.2'), fake.a(name, '192.0.2.3')] })
    }
    return fake.nodata(asked)
  })
  const resolver = resolverOf(server.settings)
  const ask = (nextHop: NextHop) => hostsToTry(nextHop, resolver, { random: () => 0, isSelf: () => false, ...options })
  return { server, ask }
}

const labels = async (found: ReturnType<typeof hostsToTry>) => {
  const answer = await found
  return answer.kind === 'hosts' ? answer.hosts.map(({ name, address, port }) => `${name} ${address} ${port}`) : answer
}

test('hosts are tried in the order of the document, each with its port and all of its addresses', async () => {
  const { ask } = await lab()
  expect(await labels(ask(list(at('b.test', 26), at('a.test'))))).toEqual([
    'b.test 192.0.2.2 26',
    'b.test 192.0.2.3 26',
    'a.test 192.0.2.1 2525',
  ])
})

test('a relay is its hosts', async () => {
  const { ask } = await lab()
  const relay = { name: 'isp', hosts: [at('a.test', 587)], tls: 'may', auth: null, connections: 5 } as const
  expect(await labels(ask({ kind: 'relay', key: 'isp', relay }))).toEqual(['a.test 192.0.2.1 587'])
})

test('MX are never asked for, addresses and localhost ask for nothing', async () => {
  const { ask, server } = await lab()
  expect(await labels(ask(list(at('192.0.2.9', 25), at('2001:db8::9', 25), at('localhost', 26))))).toEqual([
    '192.0.2.9 192.0.2.9 25',
    '2001:db8::9 2001:db8::9 25',
    'localhost 127.0.0.1 26',
    'localhost ::1 26',
  ])
  expect(server.asked).toEqual([])
  expect(await ask(list(at('mx.test')))).toMatchObject({ kind: 'failed', status: '4.4.4' })
  expect(server.asked.map(({ type }) => type)).not.toContain('MX')
})

test('a name that does not exist is a mistake that somebody will put right: the mail waits', async () => {
  const { ask } = await lab()
  expect(await ask(list(at('gone.test')))).toEqual({ kind: 'failed', status: '4.4.4', why: 'no such host: gone.test' })
  expect(await labels(ask(list(at('gone.test'), at('a.test'))))).toEqual(['a.test 192.0.2.1 2525'])
})

test('a name that cannot be looked up is passed over, and alone makes the mail wait', async () => {
  const { ask } = await lab()
  expect(await labels(ask(list(at('dead.test'), at('a.test'))))).toEqual(['a.test 192.0.2.1 2525'])
  expect(await ask(list(at('dead.test'), at('gone.test')))).toMatchObject({ kind: 'failed', status: '4.4.3' })
})

test('our own listener is no next hop: it is left out, and alone it is a loop', async () => {
  const isSelf = ownHost({
    names: ['a.test'],
    bound: () => [
      { address: '127.0.0.1', port: 2525 },
      { address: '0.0.0.0', port: 25 },
    ],
    interfaces: () => ['192.0.2.1'],
  })
  const { ask } = await lab({ isSelf })
  expect(await ask(list(at('127.0.0.1')))).toMatchObject({ kind: 'refused', code: 554, status: '5.4.6' })
  // Another port of this machine is another server, and so is our name at another port.
  expect(await labels(ask(list(at('127.0.0.1', 26), at('a.test', 26))))).toEqual([
    '127.0.0.1 127.0.0.1 26',
    'a.test 192.0.2.1 26',
  ])
  expect(await ask(list(at('a.test', 25)))).toMatchObject({ status: '5.4.6' })
  expect(await labels(ask(list(at('a.test', 25), at('b.test', 25))))).toEqual([
    'b.test 192.0.2.2 25',
    'b.test 192.0.2.3 25',
  ])
})

// EX-31
test('a forbidden destination is left out, and alone it is refused with the reply of the rule', async () => {
  const rule = { at: 'deny[1]', reply: reply(550, '5.7.1', 'never there') }
  const { ask } = await lab({ denied: (address) => (address === '192.0.2.1' ? rule : null) })
  expect(await ask(list(at('a.test')))).toEqual({ kind: 'refused', code: 550, status: '5.7.1', why: 'never there' })
  expect(await labels(ask(list(at('a.test'), at('192.0.2.9'))))).toEqual(['192.0.2.9 192.0.2.9 2525'])
})

test('the port towards MX hosts is the one of the next hop', async () => {
  const { ask } = await lab()
  const found = ask({ kind: 'mx', key: 'mx:mx.test', domain: d('mx.test'), tls: 'may', port: 2626 })
  expect(await labels(found)).toEqual(['a.test 192.0.2.1 2626'])
})

test('a maildir is no host', async () => {
  const { ask } = await lab()
  await expect(ask({ kind: 'maildir', key: 'maildir:x', dir: 'x' })).rejects.toThrow('no host')
})
