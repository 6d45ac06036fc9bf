import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tempFolder } from '../support/peer.ts'
import { runHere } from './run-here.ts'

const document = `hostname: gw.corp.example
postmaster: it@corp.example
include: more.yaml
listeners:
  smtp: { kind: mx, bind: '127.0.0.1:2525' }
relays:
  isp:
    hosts: smtp.isp.example:587
    auth: { user: gw, pass: { $secret: 'env:ISP' } }
trusted: 10.0.0.0/8
localMx:
  corp.example: { deliver: true }
  '*': { relay: isp }
domains: { corp.example: local }
recipientChecks:
  staff: { callout: true, onError: accept }
`
const more = `limits:
  maxSize: { $env: { prod: 50MiB, default: 5MiB } }
`

type Shown = {
  readonly path: string
  readonly value: unknown
  readonly source: string
  readonly from: string | null
  readonly position: { readonly file: string; readonly line: number } | null
}

function written(text = document): string {
  const folder = tempFolder()
  writeFileSync(join(folder, 'more.yaml'), more)
  writeFileSync(join(folder, 'mailgw.config.yaml'), text)
  return join(folder, 'mailgw.config.yaml')
}

async function shown(...args: readonly string[]): Promise<readonly Shown[]> {
  const { code, out, err } = await runHere(['config', 'show', '--json', ...args])
  expect({ code, err }).toMatchObject({ code: 0 })
  return JSON.parse(out) as readonly Shown[]
}

const one = (settings: readonly Shown[], path: string): Shown | undefined => settings.find((each) => each.path === path)

// EX-49
test('without more, what is written is shown, with included files and the environment that was chosen', async () => {
  const file = written()
  const settings = await shown('-c', file, '--env', 'prod')
  expect(one(settings, 'limits.maxSize')).toMatchObject({ value: '50MiB', source: 'written', position: { line: 2 } })
  expect(one(settings, 'limits.maxSize')?.position?.file).toMatch(/more\.yaml$/)
  expect(one(settings, 'limits.maxRecipients')).toBeUndefined()
  expect(settings.every(({ source }) => source === 'written')).toBe(true)
})

test('with --effective every default that holds is there too, and what follows another setting has its value', async () => {
  const settings = await shown('-c', written(), '--effective')
  expect(one(settings, 'limits.maxRecipients')).toMatchObject({ value: 100, source: 'default', position: null })
  expect(one(settings, 'timeouts.connect')).toMatchObject({ value: '30s', source: 'default' })
  expect(one(settings, 'listeners.smtp.maxSize')).toMatchObject({
    value: '5MiB',
    source: 'follows',
    from: 'limits.maxSize',
  })
  expect(one(settings, 'listeners.smtp.hostname')).toMatchObject({ value: 'gw.corp.example', from: 'hostname' })
  expect(one(settings, 'relays.isp.connections')).toMatchObject({ value: 20, from: 'limits.connectionsPerNextHop' })
  expect(one(settings, 'recipientChecks.staff.cache.positive')).toMatchObject({ value: '2h', source: 'default' })
  // A section whose absence means that there is no such thing has no defaults.
  expect(settings.filter(({ path }) => path.startsWith('bans') || path.startsWith('admin'))).toEqual([])
  // Nor has what a thing is not.
  expect(settings.filter(({ path }) => path.startsWith('recipientChecks.staff.ldap'))).toEqual([])
  // Each once.
  expect(new Set(settings.map(({ path }) => path)).size).toBe(settings.length)
})

test('for people it is a table with file and line, of one part when that is asked for; a secret is its name', async () => {
  const file = written()
  const all = await runHere(['config', 'show', '--effective', '--with-source', '-c', file, 'relays.isp'])
  expect(all.out.split('\n')).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^setting +value +from$/),
      expect.stringMatching(/^relays\.isp\.hosts +smtp\.isp\.example:587 +.*mailgw\.config\.yaml:8$/),
      expect.stringMatching(/^relays\.isp\.auth\.pass +\{"\$secret":"env:ISP"\} +.*mailgw\.config\.yaml:9$/),
      expect.stringMatching(/^relays\.isp\.connections +20 +default, as limits\.connectionsPerNextHop$/),
    ]),
  )
  expect(all.out).not.toContain('timeouts')
  expect((await runHere(['config', 'show', '-c', file, 'nothing'])).out).toBe('no setting has that name\n')
})

test('a document with errors is not shown: nobody knows what would hold', async () => {
  const { code, out, err } = await runHere([
    'config',
    'show',
    '-c',
    written(document.replace('relay: isp', 'relay: ips')),
  ])
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain('MG1402')
})
