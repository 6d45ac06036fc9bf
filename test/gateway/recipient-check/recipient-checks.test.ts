import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { recipientChecks } from '../../../src/gateway/recipient-check/recipient-checks.ts'
import { silentLog } from '../../../src/mail/log.ts'
import type { RecipientCheckSettings } from '../../../src/mail/recipient-check.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { mailbox } from './support.ts'

/** Checks of an endpoint for which everybody but `nobody` exists; it counts how often it is asked. */
async function checks() {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    request.resume()
    const keys = request.headers.authorization === undefined ? 'none' : request.headers.authorization
    request.on('end', () => response.end(JSON.stringify({ exists: keys !== 'wrong' })))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const of = (part: Partial<RecipientCheckSettings> = {}): RecipientCheckSettings =>
    ({
      id: 'staff',
      domains: ['*.corp.test', 'corp.test'],
      timeoutMs: 5000,
      positiveMs: 60_000,
      negativeMs: 60_000,
      staleMs: 60_000,
      entries: 10,
      kind: 'http',
      url: `http://127.0.0.1:${port}/`,
      header: { name: 'authorization', value: { $secret: 'env:KEY' } },
      ca: null,
      ...part,
    }) as RecipientCheckSettings
  const clock = new HandClock()
  const parts = { clock, log: silentLog, lookUp: async () => [], stranger: () => 'x' }
  const all = recipientChecks(parts as unknown as Parameters<typeof recipientChecks>[0])
  onTestFinished(() => {
    all.close()
    server.close()
  })
  return { all, of, clock, asked: () => asked }
}

const secrets = (key = 'right') => new Map([['env:KEY', key]])

test('an apply keeps what a check has found out when its settings and secrets are the same, and only then', async () => {
  const { all, of, asked } = await checks()
  all.replace([of()], secrets())
  expect(await all.ask('staff', mailbox('ann@corp.test'))).toMatchObject({ kind: 'exists', remembered: null })
  all.replace([of()], secrets())
  expect(all.ask('staff', mailbox('ann@corp.test'))).toMatchObject({ kind: 'exists', remembered: expect.any(Number) })
  all.replace([of()], secrets('wrong'))
  expect(await all.ask('staff', mailbox('ann@corp.test'))).toMatchObject({ kind: 'unknown', remembered: null })
  all.replace([of({ negativeMs: 1 })], secrets())
  expect(await all.ask('staff', mailbox('ann@corp.test'))).toMatchObject({ kind: 'exists' })
  expect(asked()).toBe(3)
})

test('a transaction that began before an apply hears that nobody can tell, when its check is gone', async () => {
  const { all, of } = await checks()
  all.replace([of()], secrets())
  all.replace([], secrets())
  expect(all.ask('staff', mailbox('ann@corp.test'))).toEqual({
    kind: 'error',
    reason: 'there is no check staff any more',
    remembered: null,
  })
})

test('to ask now goes to the check of the most specific domain, and to none for a domain that has none', async () => {
  const { all, of } = await checks()
  all.replace([of({ id: 'wide', domains: ['*.corp.test'] }), of({ id: 'narrow', domains: ['a.corp.test'] })], secrets())
  const check = async (address: string) => (await all.verify(mailbox(address)))?.check ?? null
  expect(await check('x@a.corp.test')).toBe('narrow')
  expect(await check('x@b.corp.test')).toBe('wide')
  expect(await check('x@corp.test')).toBeNull()
  expect(await check('x@elsewhere.test')).toBeNull()
})

test('what is remembered is listed newest first, by address without case, by domain, and at most so much', async () => {
  const { all, of, clock } = await checks()
  all.replace([of()], secrets())
  for (const address of ['ann@corp.test', 'bob@corp.test', 'carol@a.corp.test']) {
    await all.ask('staff', mailbox(address))
    clock.pass(1)
  }
  const listed = (filter: Partial<Parameters<typeof all.cache>[0]>) =>
    all.cache({ mailbox: null, domain: null, limit: 10, ...filter }).map(({ address }) => address)
  expect(listed({})).toEqual(['carol@a.corp.test', 'bob@corp.test', 'ann@corp.test'])
  expect(listed({ domain: 'corp.test', limit: 1 })).toEqual(['bob@corp.test'])
  expect(listed({ mailbox: mailbox('ANN@corp.test') })).toEqual(['ann@corp.test'])
})
