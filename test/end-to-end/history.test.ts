import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { JournalEntry } from '../../src/admin/protocol.ts'
import { activated } from '../support/admin.ts'
import { mailgw, startGateway } from '../support/gateway.ts'
import { freePort, tempFolder } from '../support/peer.ts'
import { site } from './site.ts'

test('history shows who did what and that the chain is whole; rollback goes back to the graph before', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: { '*': 'hold' } }))
  const { graph } = await gateway.status()
  const { hash } = await activated(
    gateway,
    site({ port, localMx: { '*': 'discard' } }),
    {},
    { actor: 'ann', commit: 'c0ffee' },
  )

  const shown = await mailgw(['history', '--state-dir', gateway.stateDir])
  const who = `local:${process.getuid!()}`
  expect(shown).toMatchObject({ code: 0, err: '' })
  expect(shown.out.replace(/^\S+ \S+ {2}/gm, '').split('\n')).toEqual([
    `start     ${graph.slice(0, 15)}  gateway`,
    `prepare   ${graph.slice(0, 15)} -> ${hash.slice(0, 15)}  ${who} for ann: commit c0ffee: to see what happens`,
    `activate  ${graph.slice(0, 15)} -> ${hash.slice(0, 15)}  ${who} for ann: commit c0ffee: to see what happens`,
    'the chain of 3 entries is whole',
    '',
  ])

  const back = await mailgw(['rollback', '--reason', 'too early', '--state-dir', gateway.stateDir])
  expect(back.out).toContain(`active: ${graph} (before: ${hash})`)
  expect((await gateway.status()).graph).toBe(graph)
  const there = await mailgw(['rollback', hash.slice(0, 12), '--state-dir', gateway.stateDir])
  expect(there.code, there.err).toBe(0)
  expect((await gateway.status()).graph).toBe(hash)
  const unknown = await mailgw(['rollback', 'g1:zzzzzzzz', '--state-dir', gateway.stateDir])
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('the journal has no such graph') })
  const { entries, count } = await gateway.ask<{ entries: { reason: string }[]; count: number }>(
    'history',
    '--limit',
    '2',
  )
  expect(count).toBe(5)
  expect(entries.map(({ reason }) => reason)).toEqual(['too early', expect.stringMatching(/^mailgw rollback by /)])
})

test('an apply on the machine itself says who did it, and of which commit the document is', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: { '*': 'hold' } }))
  const folder = tempFolder()
  const file = join(folder, 'mailgw.config.json')
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=ann', '-c', 'user.email=ann@here.test', ...args]).toString()
  writeFileSync(file, JSON.stringify(site({ port, localMx: { '*': 'discard' } })))
  git('init', '-q')
  git('add', '.')
  git('commit', '-q', '-m', 'discard')
  const commit = git('rev-parse', 'HEAD').trim()

  const latest = async () => {
    const { entries } = await gateway.ask<{ entries: JournalEntry[] }>('history', '--limit', '1')
    return entries[0]
  }
  const apply = () => mailgw(['apply', '--config', file, '--state-dir', gateway.stateDir])
  expect((await apply()).code).toBe(0)
  const onBehalfOf = `${userInfo().username}@${hostname()}`
  expect(await latest()).toMatchObject({ action: 'activate', commit, onBehalfOf, reason: 'applied at once' })
  writeFileSync(file, JSON.stringify(site({ port, localMx: { '*': 'hold' } })))
  expect((await apply()).code).toBe(0)
  expect(await latest()).toMatchObject({ commit: `${commit} (changed)` })
})

test('history sees an entry that was changed while the gateway ran', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: { '*': 'hold' } }))
  await activated(gateway, site({ port, localMx: { '*': 'discard' } }))
  const file = join(gateway.stateDir, 'journal.ndjson')
  const lines = readFileSync(file, 'utf8').split('\n')
  // Left out, the numbers and hashes of what follows say so.
  writeFileSync(file, [lines[0], ...lines.slice(2)].join('\n'))
  const shown = await mailgw(['history', '--state-dir', gateway.stateDir])
  expect(shown).toMatchObject({
    code: 1,
    err: 'the journal is broken at line 2: entry 3 does not follow the one before\n',
  })
})

test('token new prints a token once and the line for the document, which holds its hash', async () => {
  const { code, out, err } = await mailgw(['token', 'new', '--name', 'ci', '--scopes', 'read,prepare'])
  expect(code).toBe(0)
  expect(out).toMatch(/^mgw_[\w-]{43}\n$/)
  const sha256 = createHash('sha256').update(out.trim()).digest('hex')
  expect(err).toContain(`ci: { sha256: '${sha256}', scopes: ['read', 'prepare'] },`)
  expect(err).not.toContain(out.trim())
  expect((await mailgw(['token', 'new', '--name', 'ci', '--scopes', 'all'])).err).toContain('got "all"')
})
