// MQ-87, EX-44, EX-45: `mailgw mx` by the name servers of a document.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { WayView } from '../../src/mail/hop-view.ts'
import { startMxLab } from '../support/mx-lab.ts'
import { peers, tempFolder } from '../support/peer.ts'
import { runHere } from './run-here.ts'

type Shown = WayView & { readonly steps: readonly string[] }

const lab = () =>
  startMxLab({
    'two.test': ['198.51.100.11', ['198.51.100.12', '198.51.100.13']],
    'null.test': 'null-mx',
    'bare.test': { a: ['198.51.100.14'] },
    'odd.test': {
      zone: '@ IN MX 5 192.0.2.1.\n@ IN MX 10 gone\n@ IN MX 20 m\nm IN A 198.51.100.15\nm IN A 0.0.0.0\nm IN A 198.51.100.99',
    },
    'backup.test': {
      zone: '@ IN MX 10 a\n@ IN MX 20 gw.ours.test.\n@ IN MX 30 b\na IN A 198.51.100.16\nb IN A 198.51.100.17',
    },
    'back.test': { zone: '@ IN MX 10 gw.ours.test.\n@ IN MX 10 b\nb IN A 198.51.100.17' },
    'xn--bcher-kva.test': ['198.51.100.18'],
    'smart.test': ['198.51.100.19'],
  })

function documentFile(server: string, localMx: object = {}): string {
  const folder = tempFolder()
  const file = join(folder, 'mailgw.config.json')
  const document = {
    hostname: 'gw.ours.test',
    postmaster: 'ops@ours.test',
    listeners: { in: { kind: 'mx', bind: '127.0.0.1:2525' } },
    domains: { 'ours.test': 'local' },
    trusted: ['127.0.0.0/8'],
    relaying: 'outbound',
    relays: { isp: { hosts: ['127.0.0.30:587'], tls: 'off' } },
    localMx: {
      'smart.test': { relay: 'isp' },
      'held.test': { hold: 'a merger' },
      'gone.test': { reject: { code: 550, text: '5.1.2 no more' } },
      ...localMx,
      '*': 'mx',
    },
    deny: [{ when: { destination: '198.51.100.99' }, then: { reject: { code: 550, text: 'not there' } } }],
    resolver: { servers: [server], timeout: '2s', attempts: 1 },
    tlsPolicy: { mtaSts: 'off' },
  }
  writeFileSync(file, JSON.stringify(document, null, 2))
  return file
}

describe.skipIf(!peers('nsd'))('mailgw mx --config', () => {
  test('shows the hosts of a domain, how each stands, and what a delivery would do', async () => {
    const file = documentFile((await lab()).server)
    const shown = async (asked: string): Promise<Shown> => {
      const { code, out, err } = await runHere(['mx', asked, '--config', file, '--json'])
      if (code !== 0) throw new Error(err)
      return JSON.parse(out) as Shown
    }
    const standing = ({ hop }: Shown) => hop?.hosts.map((host) => `${host.preference} ${host.name} ${host.standing}`)

    const two = await shown('Two.Test.')
    expect(two).toMatchObject({ row: { at: 'localMx["*"]', file: 'mailgw.config.json', line: 38 }, published: null })
    expect(two.hop).toMatchObject({
      kind: 'mx',
      mx: { state: 'found', secure: false },
      outcome: { kind: 'hosts', count: 3 },
    })
    expect(two.hop!.hosts[0]).toMatchObject({ standing: 'tried', addresses: [{ address: '198.51.100.11', turn: 1 }] })
    expect(two.steps[1]).toMatch(
      /^connect to 198\.51\.100\.11:25 \(mx-198-51-100-11\.mx-lab\.test\): TLS if the host offers it/,
    )
    expect(two.steps.at(-1)).toContain('wait and try again')

    const nobody = await shown('null.test')
    expect(nobody.hop).toMatchObject({ mx: { state: 'null-mx' }, hosts: [], outcome: { code: 556, status: '5.1.10' } })
    expect(nobody.steps.at(-1)).toContain('fail for good with 556')

    expect((await shown('bare.test')).hop).toMatchObject({
      mx: { state: 'none' },
      outcome: { kind: 'hosts', count: 1 },
    })
    expect((await shown('no.bare.test')).hop).toMatchObject({ mx: { state: 'nxdomain' }, outcome: { code: 550 } })
    expect((await shown('elsewhere.example')).hop).toMatchObject({
      mx: { state: 'failed' },
      outcome: { status: '4.4.3' },
    })

    const odd = await shown('odd.test')
    expect(standing(odd)).toEqual(['5 192.0.2.1 no host', '10 gone.odd.test no address', '20 m.odd.test tried'])
    expect(odd.hop!.hosts[2]!.addresses.map((one) => `${one.address} ${one.standing}`).sort()).toEqual([
      '0.0.0.0 nowhere',
      '198.51.100.15 tried',
      '198.51.100.99 denied',
    ])
    expect(odd.hop!.hosts[2]!.addresses.find(({ standing }) => standing === 'denied')!.why).toBe('not there (deny[0])')

    const backup = await shown('backup.test')
    expect(standing(backup)).toEqual(['10 a.backup.test tried', '20 gw.ours.test ours', '30 b.backup.test behind us'])
    const loop = await shown('back.test')
    expect(standing(loop)).toEqual(['10 gw.ours.test ours', '10 b.back.test behind us'])
    expect(loop.hop!.outcome).toMatchObject({ kind: 'refused', code: 554, status: '5.4.6' })

    expect((await shown('bücher.test')).hop!.hosts[0]).toMatchObject({ addresses: [{ address: '198.51.100.18' }] })
    expect((await shown('x@[198.51.100.77]')).hop).toMatchObject({ mx: { state: 'literal' }, outcome: { count: 1 } })
  })

  test('where the document does not go by MX, it shows where mail goes, and beside it what is published', async () => {
    const file = documentFile((await lab()).server)
    const shown = async (asked: string) =>
      JSON.parse((await runHere(['mx', asked, '--config', file, '--json'])).out) as Shown
    const smart = await shown('smart.test')
    expect(smart).toMatchObject({ row: { at: 'localMx["smart.test"]' }, hop: { kind: 'relay', mx: null } })
    expect(smart.hop!.hosts[0]).toMatchObject({ name: '127.0.0.30', port: 587, preference: null, standing: 'tried' })
    expect(smart.published!.hosts[0]).toMatchObject({ addresses: [{ address: '198.51.100.19' }] })
    expect(smart.steps).toEqual([
      'take the hosts that the document names; no MX is asked for',
      'connect to 127.0.0.30:587: TLS never (the route says off)',
      'wait and try again if none of them takes it now',
    ])
    expect(await shown('held.test')).toMatchObject({
      route: { kind: 'hold' },
      hop: null,
      steps: ['held: a merger, by the document'],
    })
    expect((await shown('gone.test')).steps).toEqual(['refused with 550 5.1.2 no more, by the document'])
  })

  test('where routes depend on the sender it asks for one, and shows the way of his', async () => {
    const file = documentFile((await lab()).server, {
      'two.test': { bySender: { '*@brand.test': { relay: 'isp' }, '*': 'mx' } },
    })
    const from = async (...more: string[]) =>
      JSON.parse((await runHere(['mx', 'two.test', '--config', file, '--json', ...more])).out) as Shown
    expect(await from('--from', 'a@brand.test')).toMatchObject({ hop: { kind: 'relay' }, sender: 'a@brand.test' })
    expect(await from('--from', 'a@else.test')).toMatchObject({ hop: { kind: 'mx' } })
    expect(await from('--from', '<>')).toMatchObject({ hop: { kind: 'mx' }, sender: '' })
    expect((await runHere(['mx', 'two.test', '--config', file])).out).toContain('of nobody in particular')
    expect(await runHere(['mx', 'two.test', '--from', 'a b'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('--from'),
    })
  })

  test('as text it is one page, with --all and no domain a line for each domain of the document', async () => {
    const file = documentFile((await lab()).server)
    const { out } = await runHere(['mx', 'backup.test', '--config', file])
    expect(out).toContain('backup.test: by MX, port 25, TLS may\n  decided by localMx["*"] (mailgw.config.json:38:5)\n')
    expect(out).toContain('  30 b.backup.test: behind us\n')
    expect(out).toMatch(
      /a delivery would now\n {2}1\. take the MX of the domain \(good for [45]m[^)]*\)\n {2}2\. connect to 198\.51\.100\.16:25/,
    )
    const all = await runHere(['mx', '--all', '--config', file])
    expect(
      all.out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['gone.test', 'gw.ours.test', 'held.test', 'ours.test', 'smart.test'])
  })

  test('what is no domain, and neither a domain nor --all, are told', async () => {
    expect(await runHere(['mx', 'a b'])).toMatchObject({ code: 1, err: expect.stringContaining('expected a domain') })
    expect(await runHere(['mx'])).toMatchObject({ code: 1, err: expect.stringContaining('--all') })
  })
})
