import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hasChanged, secretDrifts, secretLines, secretNotes } from '../../src/cli/fleet/secret-drift.ts'
import { compile } from '../../src/compile/compile.ts'
import { secretOperations } from '../../src/gateway/secret-prints.ts'
import { resolveSecrets } from '../../src/gateway/secrets.ts'
import { aDocument } from '../compile/a-document.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailgw-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const relay = (name: string, $secret: string) => ({
  at: `relays.${name}`,
  name,
  hosts: [{ host: 'smtp.isp.example', port: 587 }],
  tls: 'verify' as const,
  auth: { user: 'gw', pass: { $secret } },
  connections: 10,
})

/** A gateway whose active graph took its secrets from these files as they are now. */
async function gatewayOf(...refs: readonly string[]) {
  const relays = refs.map((ref, i) => relay(`isp${i}`, ref))
  const { control } = compile(aDocument({ relays })).graph
  const secrets = await resolveSecrets(control)
  if (!secrets.ok) throw new Error(secrets.error)
  return secretOperations(() => ({ control, secrets: secrets.value }))
}
const file = (name: string, value: string): string => {
  writeFileSync(join(folder, name), `${value}\n`)
  return `file:${join(folder, name)}`
}

test('a secret whose file was changed or lost since the graph became active is told, and never its value', async () => {
  const [kept, changed, lost] = [file('kept', 'tulip-1'), file('changed', 'tulip-2'), file('lost', 'tulip-3')]
  const gateway = await gatewayOf(kept, changed, lost)
  file('changed', 'daffodil')
  await rm(join(folder, 'lost'))
  const prints = await gateway.prints(randomBytes(32))
  expect(prints.map(({ ref, source }) => [ref, source])).toEqual(
    [
      [kept, 'same'],
      [changed, 'changed'],
      [lost, 'unreadable'],
    ].sort((a, b) => (a[0]! < b[0]! ? -1 : 1)),
  )
  expect(JSON.stringify(prints)).not.toMatch(/tulip|daffodil/)
})

test('equal secrets have equal prints under one key, other keys and other references other ones', async () => {
  const [ref, other] = [file('a', 'tulip'), file('b', 'tulip')]
  const gateway = await gatewayOf(ref, other)
  const [key, another] = [randomBytes(32), randomBytes(32)]
  const [first, second] = await gateway.prints(key)
  expect(await gateway.prints(key)).toEqual([first, second])
  expect(second!.print).not.toBe(first!.print)
  expect((await gateway.prints(another))[0]!.print).not.toBe(first!.print)
})

test('arguments of a program that gives a secret are not told', async () => {
  const gateway = await gatewayOf('exec:["/bin/echo","tulip"]')
  const prints = await gateway.prints(randomBytes(32))
  expect(prints).toMatchObject([{ ref: 'exec:"/bin/echo"', source: 'same' }])
  expect(JSON.stringify(prints)).not.toContain('tulip')
})

test('gateways with another secret under one reference are named, and who may not be asked is said', async () => {
  const ref = file('isp', 'tulip')
  const one = await gatewayOf(ref)
  file('isp', 'daffodil')
  const two = await gatewayOf(ref)
  const member = (name: string, ask: (key: string) => Promise<unknown>) =>
    ({ name, client: { secrets: ask }, status: { kind: 'ok' } }) as never
  const asking = (gateway: typeof one) => async (key: string) => ({
    kind: 'ok',
    value: await gateway.prints(Buffer.from(key, 'hex')),
  })
  const drifts = await secretDrifts([
    member('gw1', asking(one)),
    member('gw2', asking(two)),
    member('gw3', async () => ({ kind: 'refused', status: 403, error: 'not allowed' })),
  ])
  expect(secretLines(drifts)).toEqual([
    `secret ${ref} is not the same on gw1, gw2`,
    'secrets of gw3 were not compared: the token has not the scope activate',
  ])
  // What gw1 has in use is no longer what its file says; gw2 has read it since.
  expect(secretNotes(drifts.get('gw1')!)).toEqual([`changed since it became active: ${ref}`])
  expect([...drifts.values()].map(hasChanged)).toEqual([true, false, false])
})
