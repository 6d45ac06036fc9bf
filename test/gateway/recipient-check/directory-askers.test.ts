import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { httpAsker } from '../../../src/gateway/recipient-check/http-asker.ts'
import { fillFilter, ldapAsker } from '../../../src/gateway/recipient-check/ldap-asker.ts'
import { systemClock } from '../../../src/mail/clock.ts'
import type { IpAddress } from '../../../src/mail/ip.ts'
import { freePort, peers } from '../../support/peer.ts'
import { person, readerPassword, startSlapd } from '../../support/slapd.ts'
import { asked, mailbox } from './support.ts'

const lookUp = async () => ['127.0.0.1' as IpAddress]

function directory(port: number, given: { filter?: string; password?: string; base?: string } = {}) {
  const asker = ldapAsker(
    {
      kind: 'ldap',
      urls: [`ldap://127.0.0.1:${port}`],
      startTls: false,
      ca: null,
      base: given.base ?? 'dc=example,dc=test',
      scope: 'sub',
      filter: given.filter ?? '(mail={address})',
      bind: { dn: 'cn=reader,dc=example,dc=test', password: { $secret: 'env:READER' } },
      connections: 2,
      timeoutMs: 5000,
    },
    () => given.password ?? readerPassword,
    { clock: systemClock, lookUp },
  )
  onTestFinished(() => asker.close())
  return asker
}

const people = ['alice', 'bob', 'carol'].map((uid) => person(uid, 'secret', [`mail: ${uid}@example.test`])).join('')

describe.skipIf(!peers('slapd'))('a directory, with a real OpenLDAP', () => {
  test('who has an entry that the filter finds exists', async () => {
    const { port } = await startSlapd({ people })
    const asker = directory(port)
    expect(await asked(asker, 'alice@example.test')).toEqual({
      kind: 'exists',
      reason: `ldap://127.0.0.1:${port} has uid=alice,dc=example,dc=test`,
    })
    expect(await asked(asker, 'nobody@example.test')).toMatchObject({ kind: 'unknown' })
    expect(await asked(asker, '"*"@example.test')).toMatchObject({ kind: 'unknown' })
  })

  test('more entries than one are an existing recipient too, however many', async () => {
    const { port } = await startSlapd({ people })
    const asker = directory(port, { filter: '(&(objectClass=inetOrgPerson)(!(uid={localPart})))' })
    expect(await asked(asker, 'nobody@example.test')).toMatchObject({ kind: 'exists' })
  })

  test('a directory that refuses our password or has no such base says nothing of a recipient', async () => {
    const { port } = await startSlapd({ people })
    expect(await asked(directory(port, { password: 'wrong' }), 'alice@example.test')).toEqual({
      failed: `ldap://127.0.0.1:${port}: the password of cn=reader,dc=example,dc=test is refused`,
    })
    expect(await asked(directory(port, { base: 'dc=elsewhere' }), 'alice@example.test')).toHaveProperty('failed')
    expect(await asked(directory(await freePort()), 'alice@example.test')).toHaveProperty('failed')
  })
})

test('nothing in an address means anything in a filter', () => {
  const filter = '(|(mail={address})(&(uid={localPart})(o={domain})))'
  expect(fillFilter(filter, mailbox('"a*)(uid=*"@example.test'))).toBe(
    '(|(mail=a\\2a\\29\\28uid=\\2a@example.test)(&(uid=a\\2a\\29\\28uid=\\2a)(o=example.test)))',
  )
  // What is filled in is not filled again.
  expect(fillFilter('(mail={address})', mailbox('{domain}@example.test'))).toBe('(mail={domain}@example.test)')
})

/** An endpoint that answers as `say` does. */
async function endpoint(say: (asked: { address: string }) => { status?: number; body: string }) {
  const heard: { authorization: string | undefined; body: unknown }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      heard.push({ authorization: request.headers.authorization, body: JSON.parse(body) })
      const answer = say(JSON.parse(body))
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(answer.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const header = { name: 'Authorization', value: { $secret: 'env:KEY' } } as const
  const asker = httpAsker(
    { kind: 'http', url: `http://127.0.0.1:${port}/ask?k=1`, header, ca: null },
    () => 'Bearer x',
    lookUp,
  )
  onTestFinished(() => asker.close())
  return { asker, heard, port }
}

test('an endpoint is asked by POST, and says whether the recipient exists', async () => {
  const { asker, heard, port } = await endpoint(({ address }) => ({
    body: JSON.stringify({ exists: address === 'ann@example.test' }),
  }))
  // The query may hold a key, and is shown to nobody.
  expect(await asked(asker, 'ann@example.test')).toEqual({
    kind: 'exists',
    reason: `http://127.0.0.1:${port}/ask says so`,
  })
  expect(await asked(asker, 'bob@example.test')).toMatchObject({ kind: 'unknown' })
  expect(heard[0]).toEqual({
    authorization: 'Bearer x',
    body: { address: 'ann@example.test', localPart: 'ann', domain: 'example.test' },
  })
})

for (const [what, status, body] of [
  ['a 404 of an endpoint that has moved', 404, '{"exists": false}'],
  ['a page of a proxy', 200, '<html>sign in</html>'],
  ['an object that says nothing', 200, '{"found": false}'],
  ['a text in place of a truth', 200, '{"exists": "false"}'],
  ['a prototype', 200, '{"__proto__": {"exists": false}}'],
  ['null', 200, 'null'],
] as const) {
  test(`${what} is no answer, and refuses nobody`, async () => {
    const { asker } = await endpoint(() => ({ status, body }))
    expect(await asked(asker, 'ann@example.test')).toHaveProperty('failed')
  })
}
