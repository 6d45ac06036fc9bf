// Part (c) 11: what rewriting, return addresses and journals do stands in explain, plan and proof.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mailgw } from '../support/gateway.ts'
import { tempFolder } from '../support/peer.ts'
import { site } from './site.ts'

const relays = { isp: { hosts: 'smtp.isp.example', rewrite: { recipients: { 'old.example': 'new.example' } } } }
const plain = site({
  port: 2525,
  relays: { isp: { hosts: 'smtp.isp.example' } },
  localMx: { '*': 'relay:isp' },
  trusted: ['10.0.0.0/8'],
  relaying: 'two-way',
})
const site2 = site({
  port: 2525,
  relays,
  localMx: { '*': 'relay:isp', 'by-mx.example': 'mx' },
  destinations: { 'BY-MX.example': { rewrite: { addresses: { 'here.test': 'shown.example' } } } },
  trusted: ['10.0.0.0/8'],
  relaying: 'two-way',
  domains: { 'here.test': { recipients: ['ann'] } },
  rewrite: { addresses: { '*.host.internal': 'here.test' } },
  srs: { domain: 'here.test', secret: { $secret: 'env:SRS_SECRET' } },
  journal: [
    { to: 'journal@archive.example', match: { direction: 'out', senders: ['host.internal', '*.host.internal'] } },
  ],
})

function folder(): { readonly dir: string; readonly next: string; readonly before: string } {
  const dir = tempFolder()
  const [next, before] = [join(dir, 'mailgw.config.json'), join(dir, 'before.json')]
  writeFileSync(next, JSON.stringify(site2, null, 1))
  writeFileSync(before, JSON.stringify(plain, null, 1))
  return { dir, next, before }
}

test('explain says which addresses leave as others, by which row, and which journal gets a copy', async () => {
  const { dir, next } = folder()
  const explain = async (...args: string[]) => (await mailgw(['explain', '--config', next, ...args], dir)).out
  const out = await explain('--client', '10.1.1.1', '--from', 'x@web.host.internal', '--to', 'bob@old.example')
  expect(out).toMatch(
    /copied to the journal journal@archive\.example \(report\) +journal\[0\] mailgw\.config\.json:\d+/,
  )
  expect(out).toMatch(
    /sender x@web\.host\.internal leaves as x@here\.test {2}by rewrite\.addresses\["\*\.host\.internal"\] mailgw\.config\.json:\d+:\d+/,
  )
  expect(out).toMatch(
    /recipient bob@old\.example leaves as bob@new\.example {2}by relays\.isp\.rewrite\.recipients\["old\.example"\] mailgw\.config\.json:\d+:\d+/,
  )
  const towards = await explain('--client', '10.1.1.1', '--from', 'x@here.test', '--to', 'bob@by-mx.example')
  expect(towards).toMatch(
    /sender x@here\.test leaves as x@shown\.example {2}by destinations\["by-mx\.example"\]\.rewrite\.addresses\["here\.test"\] mailgw\.config\.json:\d+:\d+/,
  )
  const told = JSON.parse(
    await explain('--client', '10.1.1.1', '--from', 'x@here.test', '--to', 'bob@by-mx.example', '--json'),
  ) as { readonly leaves: unknown }
  expect(told.leaves).toEqual([
    {
      of: 'sender',
      from: 'x@here.test',
      to: 'x@shown.example',
      at: 'destinations["by-mx.example"].rewrite.addresses["here.test"]',
      place: { file: 'mailgw.config.json', line: expect.any(Number), column: expect.any(Number) },
    },
  ])
  const other = await explain('--client', '10.1.1.1', '--from', 'x@elsewhere.example', '--to', 'ann@here.test')
  expect(other).not.toMatch(/journal@|leaves as/)
  const back = await explain(
    '--client',
    '203.0.113.1',
    '--from',
    '<>',
    '--to',
    'SRS0=AAAAAAAA=AA=x.example=y@here.test',
  )
  expect(back).toContain('=> accepted')
  expect(back).toContain(
    'SRS0=AAAAAAAA=AA=x.example=y@here.test is a return address (srs), explained as srs0@here.test.',
  )
})

test('a plan shows the mail that is rewritten and journalled from now on, and the settings behind it', async () => {
  const { next, before } = folder()
  const { out, code } = await mailgw(['plan', '--config', next, '--base', before])
  expect(code).toBe(2)
  expect(out).toContain('marked journal report:journal@archive.example, rewritten by rewrite')
  expect(out).not.toMatch(/abuse@gateway\.test[^\n]*marked journal/)
  expect(out).toMatch(/relays\.isp\.rewrite\.recipients: absent -> .*new\.example/)
  expect(out).toContain('srs.domain: absent -> here.test')
})

test('the proof of no open relay says what it assumes of return addresses', async () => {
  const { next, before } = folder()
  expect((await mailgw(['prove', '--config', next])).out).toContain(
    'only this gateway makes return addresses of here.test that it believes (srs)',
  )
  expect((await mailgw(['prove', '--config', before])).out).not.toContain('return addresses')
})
