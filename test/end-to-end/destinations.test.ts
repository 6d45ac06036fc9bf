import { expect, test } from 'vitest'
import type { Destination } from '../../src/admin/destination-operations.ts'
import type { Overlay } from '../../src/graph/overlay.ts'
import { behave, oddServer } from '../egress/odd-server.ts'
import { mailgw, type Running, startGateway, until } from '../support/gateway.ts'
import { freePort } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { site } from './site.ts'

const list = (gateway: Running, ...args: readonly string[]) =>
  gateway.ask<readonly Destination[]>('dest', 'list', ...args)
const run = (gateway: Running, ...args: readonly string[]) => mailgw([...args, '--state-dir', gateway.stateDir])

test('a next hop that is down is listed with why, since when and when it is tried next, and a reset tries it now (EX-42, EX-43)', async () => {
  const port = await freePort()
  const target = await freePort()
  const gateway = await startGateway(
    site({
      port,
      localMx: { '*': `127.0.0.1:${target}` },
      retry: { schedule: ['1h'], expireAfter: '2d' },
    }),
  )
  expect(await list(gateway)).toEqual([])
  await sendMessage(await openClient(port), 'a@src.test', 'b@dst.test')
  await until('it is down', async () => (await list(gateway))[0]?.state === 'back-off')
  const name = `hosts:127.0.0.1:${target}`
  const [down] = await list(gateway, '*')
  expect(down).toMatchObject({
    name,
    state: 'back-off',
    reason: `4.4.1 [127.0.0.1]:${target}: connection refused`,
    failures: 1,
    waiting: 1,
    active: 0,
    connections: 0,
    limit: 20,
    shunned: [{ host: `[127.0.0.1]:${target}` }],
  })
  expect(down!.until! - down!.since!).toBeGreaterThan(3_500_000)
  const shown = await run(gateway, 'dest', 'list', '--sick')
  expect(shown.out).toMatch(/hosts:127\.0\.0\.1:\d+ +back-off +\d+s ago +in (59m|1h).* connection refused/)

  const server = await oddServer(behave, '127.0.0.1', target)
  expect(await run(gateway, 'dest', 'reset', 'mx:other.test')).toMatchObject({ code: 1 })
  expect(await run(gateway, 'dest', 'reset')).toMatchObject({ code: 1 })
  expect(await run(gateway, 'dest', 'reset', name)).toMatchObject({ code: 0, out: `${name} reset\n` })
  await until('the mail is there', async () => server.accepted.length === 1)
  const [up] = await list(gateway, name)
  expect(up).toMatchObject({ state: 'up', failures: 0, reason: null, since: null, shunned: [] })
  await gateway.logged('next-hop.reset', ({ nextHops }) => nextHops === 1)
})

test('a suspended next hop gets nothing, also after a kill, until it is resumed; what others get goes on (EX-42)', async () => {
  const port = await freePort()
  const [suspended, other] = [await oddServer(), await oddServer()]
  const document = site({
    port,
    relays: {
      isp: { hosts: `127.0.0.1:${suspended.port}`, tls: 'off' },
      bart: { hosts: `127.0.0.1:${other.port}`, tls: 'off' },
    },
    localMx: { '*': 'relay:isp', 'bart.test': 'relay:bart' },
  })
  const gateway = await startGateway(document)
  expect(await run(gateway, 'dest', 'suspend', 'relay:isp', '--for', '1h')).toMatchObject({
    code: 1,
    err: expect.stringContaining('--reason'),
  })
  const overlay = await gateway.ask<Overlay>('dest', 'suspend', 'relay:isp', '--for', '1h', '--reason', 'they asked us')
  expect(overlay).toMatchObject({ kind: 'hold', nextHop: 'relay:isp', reason: 'they asked us' })
  const client = await openClient(port)
  await sendMessage(client, 'a@src.test', 'x@dst.test')
  await sendMessage(client, 'a@src.test', 'y@bart.test')
  await until('the other one has its mail', async () => other.accepted.length === 1)
  const state = async (at: Running) => (await list(at, 'relay:isp'))[0]
  expect(await state(gateway)).toMatchObject({
    state: 'suspended',
    reason: `they asked us (${overlay.owner})`,
    until: overlay.until,
    held: 1,
  })

  gateway.signal('SIGKILL')
  await gateway.ended
  const next = await startGateway('', { folder: gateway.folder, source: [] })
  await until('it is held again', async () => (await state(next))?.held === 1)
  expect(suspended.sessions).toEqual([])
  expect(await run(next, 'dest', 'resume', 'relay:bart')).toMatchObject({ code: 1 })
  const resumed = await run(next, 'dest', 'resume', 'relay:isp')
  expect(resumed).toMatchObject({ code: 0, out: `${overlay.id} removed: no longer holds mail for relay:isp\n` })
  await until('it has its mail', async () => suspended.accepted.length === 1)
  expect((await state(next))?.state).toBe('up')
})

test('a reaction suspends as an operator would, and a back-off is in the list with the words of the other side (MR-43)', async () => {
  const port = await freePort()
  const blocking = await oddServer((verb, line, session) =>
    verb === 'MAIL' ? { close: 'after', text: '554 5.7.1 your address is blocked\r\n' } : behave(verb, line, session),
  )
  const limiting = await oddServer((verb, line, session) =>
    verb === 'MAIL' ? { close: 'after', text: '421 4.7.28 unusual rate\r\n' } : behave(verb, line, session),
  )
  const gateway = await startGateway(
    site({
      port,
      relays: {
        isp: {
          hosts: `127.0.0.1:${blocking.port}`,
          tls: 'off',
          reactions: [{ match: '5.7.1 blocked', do: { suspend: '1d' } }],
        },
        big: {
          hosts: `127.0.0.1:${limiting.port}`,
          tls: 'off',
          reactions: [{ match: '4.7.28', do: { backoff: '10m' } }],
        },
      },
      localMx: { '*': 'relay:isp', 'big.test': 'relay:big' },
    }),
  )
  const client = await openClient(port)
  await sendMessage(client, 'a@src.test', 'x@dst.test')
  await sendMessage(client, 'a@src.test', 'x@big.test')
  await until('both are known', async () => {
    const states = new Map((await list(gateway)).map(({ name, state }) => [name, state]))
    return states.get('relay:isp') === 'suspended' && states.get('relay:big') === 'back-off'
  })
  const [big, isp] = await list(gateway)
  expect(isp).toMatchObject({ reason: 'reaction to "554 5.7.1 your address is blocked" (5.7.1 blocked) (gateway)' })
  expect(big).toMatchObject({
    failures: 0,
    lastReply: '421 4.7.28 unusual rate',
    reason: 'reaction to "421 4.7.28 unusual rate" (4.7.28)',
  })
  expect(big!.until! - big!.since!).toBe(600_000)
  expect(await gateway.ask('hold', 'list')).toMatchObject([{ owner: 'gateway', nextHop: 'relay:isp' }])
})

test('mail leaves from the address that it came in to where that is within the networks, else from the pool; a restart forgets nothing of it (MR-10, MR-12)', async () => {
  const port = await freePort()
  let isOpen = false
  const server = await oddServer((verb, line, session) =>
    verb === 'CONNECT' && !isOpen ? { close: 'after', text: '421 4.3.2 not yet\r\n' } : behave(verb, line, session),
  )
  const gateway = await startGateway(
    site({
      port,
      listeners: {
        inside: { kind: 'internal', bind: [`127.0.0.1:${port}`, `127.0.0.2:${port}`, `127.0.0.3:${port}`] },
      },
      egress: {
        default: {
          addresses: [{ address: '127.0.0.8', hostname: 'out8.gw.test' }],
          hostname: 'pool.gw.test',
          sameAsListener: { within: '127.0.0.2/31', except: '127.0.0.3' },
        },
      },
      localMx: { '*': `127.0.0.1:${server.port}` },
      retry: { schedule: ['1s'], expireAfter: '1d' },
    }),
  )
  for (const host of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) {
    await sendMessage(await openClient(port, host, host), 'a@src.test', `to-${host}@dst.test`)
  }
  gateway.signal('SIGKILL')
  await gateway.ended
  isOpen = true
  const next = await startGateway('', { folder: gateway.folder, source: [] })
  await until('all is there', async () => server.accepted.length === 3)
  const sent = server.sessions.flatMap(({ from, heard }) =>
    heard.flatMap((line) => {
      const to = /^RCPT TO:<to-([\d.]+)@/.exec(line)?.[1]
      return to === undefined ? [] : [`${to} ${from} ${heard.find((one) => one.startsWith('EHLO'))}`]
    }),
  )
  expect(sent.sort()).toEqual([
    '127.0.0.1 127.0.0.8 EHLO out8.gw.test',
    '127.0.0.2 127.0.0.2 EHLO pool.gw.test',
    '127.0.0.3 127.0.0.8 EHLO out8.gw.test',
  ])
  // An operator sees one next hop, whatever the lanes are.
  expect((await list(next)).map(({ name }) => name)).toEqual([`hosts:127.0.0.1:${server.port}`])
})

test("a document whose source address is not this machine's is refused at apply, with nothing changed", async () => {
  const port = await freePort()
  const localMx = { '*': '127.0.0.1:9' }
  const gateway = await startGateway(site({ port, localMx }))
  const { graph } = await gateway.status()
  const refused = await gateway.apply(site({ port, localMx, egress: { default: ['127.0.0.7', '192.0.2.77'] } }))
  expect(refused.code).toBe(1)
  expect(refused.out + refused.err).toContain(
    'egress.default: connections cannot come from 192.0.2.77: it is no address of this machine',
  )
  expect((await gateway.status()).graph).toBe(graph)
  expect(await gateway.apply(site({ port, localMx, egress: { default: ['127.0.0.7'] } }))).toMatchObject({ code: 0 })
})
