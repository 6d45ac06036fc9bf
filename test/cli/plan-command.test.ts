import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Plan } from '../../src/cli/plan/plan.ts'
import { planSchema } from '../../src/cli/plan/plan-schema.ts'
import { type Repository, repository, withoutHashes } from './repository.ts'
import { runHere } from './run-here.ts'

/** The example in YAML: to read TypeScript takes a process of its own each time. */
const mailq = `hostname: mailq.localhost.com
postmaster: admin@localhost.com
listeners:
  smtp: { kind: mx, bind: 127.0.0.1:2525 }
domains:
  localhost.com: relay
  example.com: relay
trusted: [127.0.0.0/8, 192.168.2.0/24]
relaying: two-way # SMTPRelay=2
localMx:
  localhost.com: snoopy
  example.com: bart:26
  "*": mail.isp.com:2525
`
const document = 'site/mailgw.config.yaml'

/** MailQ's LocalMX in git, and an edit of it in the working copy. */
function edited(...edits: readonly (readonly [from: string, to: string])[]): Repository & { readonly config: string } {
  const repo = repository()
  const config = repo.write(document, mailq)
  repo.commit('The LocalMX of the manual')
  for (const [from, to] of edits) repo.edit(document, from, to)
  return { ...repo, config }
}

/** Changes of a LocalMX as people make them. */
const moved = ['bart:26', 'lisa'] as const
const changes: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'a domain moves to another server': [moved],
  'the smart host changes': [['mail.isp.com:2525', 'relay.new-isp.example:587']],
  'a wildcard is added': [
    ['  example.com: relay\n', '  example.com: relay\n  "*.example.com": relay\n'],
    ['  "*": ', '  "*.example.com": bart:26\n  "*": '],
  ],
  'a trusted network is widened by one bit': [['192.168.2.0/24', '192.168.2.0/23']],
  'a domain is forgotten': [
    ['  example.com: relay\n', ''],
    ['  example.com: bart:26\n', ''],
  ],
  'a subdomain is closed': [
    ['  "*": ', '  "*.old.example": { reject: { code: 550, text: 5.1.2 closed for good } }\n  "*": '],
  ],
}

describe('changes of the LocalMX of the manual of MailQ', () => {
  test.each(Object.entries(changes))('%s', async (name, edits) => {
    const { config } = edited(...edits)
    const { code, out } = await runHere(['plan', '--config', config, '--base', 'HEAD'])
    expect(code).toBe(2)
    const file = `../golden/plan/${name.replaceAll(' ', '-')}.txt`
    await expect(withoutHashes(out)).toMatchFileSnapshot(file)
  })

  test.each(Object.entries(changes).slice(2, 4))('%s: the explain lines tell what the plan tells', async (_, edits) => {
    const { config, folder } = edited(...edits)
    const { out } = await runHere(['plan', '--config', config, '--base', 'HEAD', '--json'])
    const { changeSet } = JSON.parse(out) as Plan
    const text = (await runHere(['plan', '--config', config, '--base', 'HEAD'])).out
    const lines = [...text.matchAll(/^ +see +mailgw (explain .*)$/gm)].map(([, line]) => line!)
    expect(lines).toHaveLength(changeSet.changes.length)
    for (const [i, { witness }] of changeSet.changes.entries()) {
      const words = lines[i]!.split(' ').map((word) => (word === document ? join(folder, document) : word))
      const explained = await runHere([...words, '--json'])
      const { end } = JSON.parse(explained.out).outcome
      const { to } = witness
      expect(end.kind).toBe(to.kind)
      if (to.kind === 'refused') expect([end.reply.code, end.reply.text]).toEqual([to.code, to.text])
      else
        expect(end.finals.map(({ mailbox }: { mailbox: string }) => mailbox)).toEqual(
          to.finals.map(({ mailbox }) => mailbox),
        )
    }
  })
})

test('a comment, another order and another file change nothing, and the plan ends with 0', async () => {
  const { config } = edited([' # SMTPRelay=2', ''], ['[127.0.0.0/8, 192.168.2.0/24]', '[192.168.2.0/24, 127.0.0.0/8]'])
  const { code, out } = await runHere(['plan', '--config', config, '--base', 'HEAD'])
  expect(code).toBe(0)
  expect(out).toContain('Nothing changes.')
})

test('--json is a plan by its schema, with nothing that the schema does not know', async () => {
  const { config } = edited(moved)
  const { out } = await runHere(['plan', '--config', config, '--base', 'HEAD', '--json'])
  const plan: unknown = JSON.parse(out)
  expect(planSchema.parse(plan)).toEqual(plan)
})

test('a plan names no folder of the machine', async () => {
  const { config, folder } = edited(moved)
  for (const form of [[], ['--json'], ['--markdown']]) {
    const { out } = await runHere(['plan', '--config', config, '--base', 'HEAD', ...form])
    expect(out).not.toContain(folder)
    expect(out).toContain(document)
  }
})

test('the same change has the same hash, wherever it was planned', async () => {
  const hashOf = async (config: string) =>
    (await runHere(['plan', '--config', config, '--base', 'HEAD', '--hash'])).out.trim()
  const first = await hashOf(edited(moved).config)
  const second = edited(moved, ['# SMTPRelay=2', '# as in the manual'])
  expect(await hashOf(second.config)).toBe(first)
  expect(first).toMatch(/^c1:[a-z2-7]{52}$/)
  const other = edited(['bart:26', 'maggie'])
  expect(await hashOf(other.config)).not.toBe(first)
})

test('a saved plan is shown as it was printed, when the repository is long gone', async () => {
  const { config, folder } = edited(moved)
  const file = join(folder, 'change.mgwplan')
  const { out } = await runHere(['plan', '--config', config, '--base', 'HEAD', '-o', file])
  writeFileSync(config, '')
  expect((await runHere(['plan', 'show', file])).out).toBe(out)
})

test('a relay that is claimed to stay as it is, is proved or refuted against the base', async () => {
  const claimed = 'relaying: two-way\nprove: [{ unchanged: { recipient: example.com } }]'
  const repo = edited(['mail.isp.com:2525', 'other.isp.example'], ['relaying: two-way # SMTPRelay=2', claimed])
  const kept = await runHere(['plan', '--config', repo.config, '--base', 'HEAD'])
  expect(kept.code).toBe(2)
  expect(kept.out).toMatch(/^proved .*unchanged/m)
  repo.edit(document, ...moved)
  const broken = await runHere(['plan', '--config', repo.config, '--base', 'HEAD'])
  expect(broken.code).toBe(1)
  expect(broken.out).toMatch(/^VIOLATED +unchanged/m)
})
