import { randomBytes } from 'node:crypto'
import { createConnection } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { makeHash } from '../../src/credentials/passwords/make.ts'
import { mailgw, type Running, startGateway, until } from '../support/gateway.ts'
import { freePort } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { received, site } from './site.ts'

const nowhere = { '*': { reject: { code: 550, text: '5.1.2 no way there' } } }
const bans = { protocolErrors: 3, unknownRecipients: 3, httpRequests: 1, except: ['127.0.0.1/32'] }
const domains = { 'here.test': { kind: 'local', recipients: ['ann'] } }

type Listed = {
  bans: { by: string; id: string; client: string; reason: string; owner: string | null; until: number }[]
  lockOuts: unknown[]
}

async function gatewayWith(sections: object = { bans }): Promise<{ gateway: Running; port: number }> {
  const port = await freePort()
  return { gateway: await startGateway(site({ port, localMx: nowhere, domains, ...sections })), port }
}

/** All that the gateway says to whoever sends this from there, until it closes. */
async function all(port: number, localAddress: string, octets: string): Promise<string> {
  const socket = createConnection({ port, host: '127.0.0.1', localAddress })
  onTestFinished(() => void socket.destroy())
  let came = ''
  socket.on('data', (chunk) => (came += chunk.toString('latin1')))
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.write(octets, 'latin1')
  socket.on('end', () => socket.end())
  await closed
  return came
}

const errors = `EHLO x.test\r\n${'XYZZY\r\n'.repeat(3)}`

// MQ-30 MR-34
test('who errs too often over its sessions is banned, named, listed and let in again by its id', async () => {
  const { gateway, port } = await gatewayWith()
  for (let session = 0; session < 2; session++) {
    const client = await openClient(port, '127.0.0.2')
    expect(await client.say('XYZZY')).toBe('500 5.5.1 the command is not known')
    client.close()
    await client.closed
  }
  const client = await openClient(port, '127.0.0.2')
  const [error, last] = await client.replies(2, 'XYZZY')
  expect(error).toBe('500 5.5.1 the command is not known')
  expect(last).toMatch(/^421 4\.7\.0 too many errors from your address, try later \(autoban-[0-9a-f]{8}\)$/)
  await client.closed
  await gateway.logged('ban.made', ({ block, offence }) => block === '127.0.0.2' && offence === 'protocol')

  await expect(openClient(port, '127.0.0.2')).rejects.toThrow('421 4.7.0 too many errors')
  // Others do not feel it.
  await sendMessage(await openClient(port, '127.0.0.3'), 'a@src.test', 'ann@here.test')
  await received(gateway.stateDir, 'ann@here.test')

  const { bans: listed } = await gateway.ask<Listed>('ban', 'list')
  expect(listed).toMatchObject([{ by: 'gateway', client: '127.0.0.2', reason: '3 protocol errors', owner: null }])
  const { id } = listed[0]!
  expect((await gateway.status()).banned).toEqual({ clients: 1, accounts: 0 })
  const text = await mailgw(['ban', 'list', '--state-dir', gateway.stateDir])
  expect(text.out).toContain(`${id}  127.0.0.2`)
  expect((await mailgw(['status', '--state-dir', gateway.stateDir])).out).toContain('banned    1 clients')

  const removed = await mailgw(['ban', 'rm', id, '--state-dir', gateway.stateDir])
  expect(removed, removed.err).toMatchObject({ code: 0, out: `${id} removed\n` })
  await openClient(port, '127.0.0.2')
  const history = await mailgw(['history', '--state-dir', gateway.stateDir])
  expect(history.out).toContain('3 protocol errors')
})

test('bans of operators and of the gateway are one list, and either is lifted by its address', async () => {
  const { gateway, port } = await gatewayWith()
  await gateway.ask('ban', 'add', '127.0.0.4', '--for', '2h', '--reason', 'floods us')
  await all(port, '127.0.0.5', errors)
  const { bans: listed } = await gateway.ask<Listed>('ban', 'list')
  expect(listed.map(({ by, client }) => [by, client])).toEqual([
    ['operator', '127.0.0.4'],
    ['gateway', '127.0.0.5'],
  ])
  const wrong = await mailgw(['ban', 'rm', '127.0.0.4', '127.0.0.99', '--state-dir', gateway.stateDir])
  expect(wrong).toMatchObject({ code: 1 })
  expect(wrong.err).toContain('there is no ban 127.0.0.99')
  expect((await gateway.ask<Listed>('ban', 'list')).bans).toHaveLength(2)
  await gateway.ask('ban', 'remove', '127.0.0.4', '127.0.0.5')
  expect((await gateway.ask<Listed>('ban', 'list')).bans).toEqual([])
  await openClient(port, '127.0.0.4')
  await openClient(port, '127.0.0.5')
})

// MQ-32
test('an HTTP request is answered with one line, not read any further, and earns a ban where the document says so', async () => {
  const { port } = await gatewayWith()
  const smuggled = 'POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO x\r\nMAIL FROM:<a@src.test>\r\nRCPT TO:<ann@here.test>\r\n'
  const came = await all(port, '127.0.0.6', smuggled)
  const lines = came.split('\r\n').slice(0, -1)
  expect(lines[0]).toMatch(/^220 /)
  expect(lines[1]).toBe('421 4.7.0 this is SMTP, not HTTP')
  expect(lines).toHaveLength(2)
  expect(await all(port, '127.0.0.6', '')).toMatch(/^421 4\.7\.0 too many errors from your address[^\n]*\r\n$/)
})

test('guessing recipients earns a ban, and excepted clients may guess on', async () => {
  const { port } = await gatewayWith()
  const guess = async (from: string) => {
    const client = await openClient(port, from)
    const names = ['bob', 'carl', 'dora', 'eve'].map((name) => `RCPT TO:<${name}@here.test>`)
    return await client.replies(6, 'MAIL FROM:<a@src.test>', ...names, 'NOOP').catch((error: Error) => error.message)
  }
  expect(await guess('127.0.0.7')).toBe('the gateway closed the connection')
  await expect(openClient(port, '127.0.0.7')).rejects.toThrow('421 4.7.0')
  expect((await guess('127.0.0.1')).at(-1)).toBe('250 2.0.0 ok')
})

test('a ban holds over a kill and over an apply, and ends when the document bans nobody any more', async () => {
  const { gateway, port } = await gatewayWith()
  await all(port, '127.0.0.8', errors)
  await until('the ban is written', async () => (await gateway.ask<Listed>('ban', 'list')).bans.length === 1)
  gateway.signal('SIGKILL')
  await gateway.ended
  const next = await startGateway('', { folder: gateway.folder, source: [] })
  await expect(openClient(port, '127.0.0.8')).rejects.toThrow('421 4.7.0')
  const other = await next.apply(site({ port, localMx: nowhere, bans: { ...bans, protocolErrors: 30 } }))
  expect(other, other.err).toMatchObject({ code: 0 })
  await expect(openClient(port, '127.0.0.8')).rejects.toThrow('421 4.7.0')
  const none = await next.apply(site({ port, localMx: nowhere }))
  expect(none, none.err).toMatchObject({ code: 0 })
  await openClient(port, '127.0.0.8')
})

// MQ-31
test('a login that fails is answered later each time, and locks the account for that client alone', async () => {
  const users = { 'ann@here.test': await makeHash('scrypt', 'right', randomBytes) }
  const port = await freePort()
  const gateway = await startGateway(
    site({
      port,
      localMx: nowhere,
      listeners: {
        inside: {
          kind: 'submission',
          bind: `127.0.0.1:${port}`,
          login: { required: false, mechanisms: ['PLAIN'], clearTextFrom: ['127.0.0.0/8'] },
        },
      },
      credentials: [{ id: 'staff', users }],
      bans: {
        failures: 'off',
        except: ['127.0.0.1/32'],
        delay: { first: '1s', max: '2s' },
        lockOut: { failures: 3, window: '10m', for: '1h' },
      },
    }),
  )
  const plain = (password: string) => `AUTH PLAIN ${Buffer.from(`\0ann@here.test\0${password}`).toString('base64')}`
  const mallory = await openClient(port, '127.0.0.9')
  const took: number[] = []
  for (let i = 0; i < 3; i++) {
    const begun = performance.now()
    expect(await mallory.say(plain(`wrong ${i}`))).toMatch(/^535 5\.7\.8/)
    took.push(performance.now() - begun)
  }
  expect(took[0]).toBeGreaterThan(990)
  expect(took[1]).toBeGreaterThan(1990)
  // The right password is not looked at any more, and the reply does not tell.
  expect(await mallory.say(plain('right'))).toMatch(/^454 4\.7\.0/)
  // Nobody locks out the account of another from elsewhere.
  const ann = await openClient(port, '127.0.0.10')
  expect(await ann.say(plain('right'))).toMatch(/^235/)

  const { lockOuts } = await gateway.ask<Listed>('ban', 'list')
  expect(lockOuts).toMatchObject([{ account: 'ann@here.test', client: '127.0.0.9' }])
  const unlocked = await mailgw(['unlock', 'Ann@here.test', '--state-dir', gateway.stateDir])
  expect(unlocked, unlocked.err).toMatchObject({ code: 0, out: 'Ann@here.test can log in again\n' })
  const again = await openClient(port, '127.0.0.9')
  expect(await again.say(plain('right'))).toMatch(/^235/)
  expect(await mailgw(['unlock', 'ann@here.test', '--state-dir', gateway.stateDir])).toMatchObject({ code: 1 })
  await gateway.logged('account.locked', ({ account, block }) => account === 'ann@here.test' && block === '127.0.0.9')
})
