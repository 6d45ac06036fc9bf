import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tempFolder } from '../support/peer.ts'
import { runHere } from './run-here.ts'

const document = (zone: string | null = null) => ({
  apiVersion: 'mailgw/1',
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: {
    mx: { kind: 'mx', bind: '127.0.0.1:2525' },
    lan: { kind: 'internal', bind: '127.0.0.1:2526' },
  },
  domains: { 'corp.example': 'relay' },
  clients: {
    printers: {
      networks: ['10.20.0.0/16'],
      internal: true,
      rates: { messages: '30/1h', recipients: '500/1d' },
    },
  },
  relaying: 'two-way',
  relays: { isp: { hosts: ['smart.isp.example'] } },
  localMx: { '*': { relay: 'isp' } },
  ...(zone === null ? {} : { dnsbl: [{ id: 'zen', zone, onError: 'ignore' }] }),
})
const both = 'assumed: rate.printers.messages/1h, rate.printers.recipients/1d are not used up'
const one = 'assumed: rate.printers.recipients/1d is not used up'
const messages = 'rate.printers.messages/1h'

function written(rows?: unknown, zone: string | null = null): string {
  const folder = tempFolder()
  const file = join(folder, 'mailgw.config.json')
  writeFileSync(file, JSON.stringify(document(zone)))
  if (rows !== undefined) writeFileSync(join(folder, 'mailgw.test.json'), JSON.stringify(rows))
  return file
}
const printer = { listener: 'lan', client: '10.20.3.4', from: 'scan@corp.example', to: 'ann@corp.example' }
const words = Object.entries(printer).flatMap(([key, value]) => [`--${key}`, value])

describe('mailgw explain takes a rate that nobody answered as not used up', () => {
  const explain = (...more: string[]) => runHere(['explain', '--config', written(), ...words, ...more])

  test('and says so in one line', async () => {
    const { out } = await explain()
    expect(out.split('\n').filter((line) => line.startsWith('assumed'))).toEqual([both])
    expect(out).toContain('=> accepted\n   ann@corp.example to relay isp')
    expect(out).not.toContain('depends on')
  })

  test('and in the JSON', async () => {
    const said = { 'rate.printers.messages/1h': 'clear', 'rate.printers.recipients/1d': 'clear' }
    expect(JSON.parse((await explain('--json')).out)).toMatchObject({
      assumed: said,
      outcome: { end: { kind: 'accepted' } },
    })
  })

  test('but not one that was answered', async () => {
    expect((await explain('--assume', `${messages}=clear`)).out).toContain(one)
    const { out } = await explain('--assume', `${messages}=listed`)
    expect(out).toMatch(/=> refused at mail: 451/)
    expect(out).not.toContain('assumed')
  })

  test('nor of a client without rates', async () => {
    const { out } = await runHere(['explain', '--config', written(), '--listener', 'mx', '--client', '203.0.113.9'])
    expect(out).not.toContain('assumed')
  })

  test('at each gateway that it follows a message through', async () => {
    const { out } = await explain('--follow')
    expect(out).toContain(`  ${both}\n`)
    expect(out).toContain('ann@corp.example relay isp')
    const { out: json } = await explain('--follow', '--json')
    expect(JSON.parse(json)).toMatchObject({ assumed: [messages, 'rate.printers.recipients/1d'], ends: null })
  })
})

describe('mailgw test takes a rate that a test says nothing of as not used up', () => {
  const run = async (rows: unknown, zone: string | null, ...more: string[]) =>
    runHere(['test', '--config', written(rows, zone), ...more])

  test('and says so in one line of them all', async () => {
    const { code, out } = await run(
      [
        { ...printer, expect: 'relay isp' },
        { ...printer, expect: 'accepted' },
      ],
      null,
    )
    expect(out).toBe(`${both}\n\n2 tests in 1 file, all passed\n`)
    expect(code).toBe(0)
  })

  test('and of each case in the JSON', async () => {
    const { out } = await run(
      [
        { ...printer, expect: 'relay isp' },
        { ...printer, assume: { [messages]: 'listed' }, expect: 'deferred 451' },
      ],
      null,
      '--json',
    )
    const { cases, failed } = JSON.parse(out)
    expect(failed).toBe(0)
    expect(cases.map((one: { assumed: string[] }) => one.assumed)).toEqual([
      [messages, 'rate.printers.recipients/1d'],
      [],
    ])
  })

  test('and never a DNS list', async () => {
    const stranger = { listener: 'mx', client: '203.0.113.9', from: 'a@b.example', to: 'ann@corp.example' }
    const { code, out } = await run([{ ...stranger, expect: 'relay isp' }], 'zen.dnsbl.example')
    expect(out).toContain('depends on dnsbl.zen; assume it')
    expect(out).not.toContain('assumed:')
    expect(code).toBe(1)
  })
})
