import { expect, test } from 'vitest'
import * as fake from './fake-server.ts'
import { resolverOf } from './lab.ts'

// A file of its own, and so a process of its own: the sockets of other tests would be counted too.
test('sockets are opened by the first question, and nobody waits for a resolver that waits for nobody', async () => {
  const server = await fake.fakeServer((asked) => (asked.name === 'slow.test' ? null : fake.nxdomain(asked)))
  const inUse = () => process.getActiveResourcesInfo().filter((resource) => /udp/i.test(resource)).length
  const before = inUse()
  const resolver = resolverOf(server.settings)
  expect(inUse()).toBe(before)
  await resolver.a('x.test')
  expect(inUse()).toBe(before)
  const slow = resolver.a('slow.test')
  await expect.poll(inUse).toBe(before + 1)
  resolver.close()
  await slow
  await expect.poll(inUse).toBe(before)
})
