import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { newToken } from '../../src/admin/access.ts'
import { authority } from '../support/certificates.ts'
import { startFleet } from '../support/fleet.ts'
import { mailgw, startGateway, until, writeDocument } from '../support/gateway.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { openClient } from './client.ts'
import { site } from './site.ts'

vi.setConfig({ testTimeout: 60_000 })

const [openssl, git] = [peers('openssl'), peers('git')]
const refuse = (...recipients: readonly string[]) =>
  recipients.map((recipient) => ({ when: { recipient }, then: { reject: { code: 550, text: '5.1.2 closed' } } }))
const at = (sections: object = {}): object => site({ port: 0, localMx: { '*': '127.0.0.1:9' }, ...sections })
const next = at({ deny: refuse('ann@here.test') })
const pair = (document: object = at()) => startFleet(document, { count: 2 })

describe('a review holds for what changes', () => {
  test('a plan is applied, also when the base has moved and the same would change; what is new is shown alone', async () => {
    const fleet = await pair()
    const graphs = await fleet.graphs()
    const planned = await fleet.run(next, 'plan', '--state-dir', fleet.gateways[0]!.stateDir, '-o', 'a.mgwplan')
    expect(planned, planned.err).toMatchObject({ code: 2 })
    // Another document than the plan's, and one that would change nothing: that is not the change that was reviewed.
    const other = await fleet.run(at(), 'apply', 'a.mgwplan')
    expect(other).toMatchObject({ code: 2, err: expect.stringContaining('active already; nothing was changed') })
    // It grew after the review.
    const more = { ...next, localMx: { 'here.test': 'deliver', '*': '127.0.0.1:9', 'other.test': '127.0.0.1:7' } }
    const stopped = await fleet.run(more, 'apply', 'a.mgwplan')
    expect(stopped.code).toBe(2)
    expect(stopped.err).toMatch(/not reviewed:[\s\S]*other\.test/)
    expect(stopped.err).not.toContain('mail to ann@here.test')
    expect(stopped.err).not.toContain('would not change')
    expect(await fleet.graphs()).toEqual(graphs)

    // Somebody else's change, on one of them; ours is brought on top of it.
    const theirs = { retry: { schedule: ['2s'], expireAfter: '1h' } }
    const moved = await fleet.run(at(theirs), 'apply', '--gateways', 'gw2', '--json')
    expect(moved, moved.err).toMatchObject({ code: 0 })
    expect(new Set(await fleet.graphs()).size).toBe(2)
    const stale = await fleet.run(next, 'apply', 'a.mgwplan')
    expect(stale.code).toBe(2)
    expect(stale.err).toContain('not what was reviewed')
    expect(new Set(await fleet.graphs()).size).toBe(2)

    const rebased = at({ ...theirs, deny: refuse('ann@here.test') })
    const again = await fleet.run(rebased, 'apply', 'a.mgwplan', '--gateways', 'gw2', '--json')
    expect(again, again.err).toMatchObject({ code: 0 })
    const [, second] = await fleet.ports()
    const client = await openClient(second!)
    await client.say('MAIL FROM:<a@src.test>')
    expect(await client.say('RCPT TO:<ann@here.test>')).toBe('550 5.1.2 closed')
  })

  test('a hash is enough of a review; more than was allowed wants to be acknowledged', async () => {
    const fleet = await pair()
    const { out } = await fleet.run(next, 'plan', '--state-dir', fleet.gateways[0]!.stateDir, '--hash')
    const other = await fleet.run(next, 'apply', '--expect', `c1:${'a'.repeat(52)}`, '--json')
    expect(other.code).toBe(2)
    expect(JSON.parse(other.out)).toMatchObject({ kind: 'not-reviewed', gateways: [{ name: 'gw1' }, { name: 'gw2' }] })
    const large = await fleet.run(next, 'apply', '--max-changed', '0', '--ack', `c1:${'a'.repeat(52)}`)
    expect(large).toMatchObject({ code: 1, err: expect.stringContaining(`--ack ${out.trim()}`) })
    const known = ['--max-changed', '0', '--ack', out.trim()]
    const same = await fleet.run(next, 'apply', '--expect', out.trim(), ...known, '--json')
    expect(same, same.err).toMatchObject({ code: 0 })
    expect(JSON.parse(same.out)).toMatchObject({ kind: 'active', changeSet: out.trim() })
    const again = await fleet.run(next, 'apply', '--expect', out.trim())
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('was active already on gw1, gw2') })
  })
})

test('a graph that would send mail in circles between gateways is refused, with the way it would go', async () => {
  const fleet = await pair()
  const graphs = await fleet.graphs()
  const [, second] = await fleet.ports()
  const circle = site({ port: 0, localMx: { '*': '127.0.0.1:9', 'round.test': `127.0.0.1:${second}` } })
  const refused = await fleet.run(circle, 'apply')
  expect(refused.code).toBe(1)
  expect(refused.err).toMatch(/mail would go in circles; nothing was changed/)
  expect(refused.err).toMatch(new RegExp(`gw2 sends mail for somebody@round.test to 127.0.0.1:${second} \\(localMx`))
  expect(await fleet.graphs()).toEqual(graphs)
})

test('a graph on trial is drift, and Ctrl-C takes it back', async () => {
  const fleet = await pair()
  const graphs = await fleet.graphs()
  const apply = fleet.start(next, 'apply', '--waves', 'all', '--bake', '30s')
  await until('both are on trial', async () => (await fleet.graphs()).every((graph) => !graphs.includes(graph)))
  const drift = await mailgw(['drift', '--json'], fleet.folder)
  expect(drift.code).toBe(2)
  expect(JSON.parse(drift.out).gateways[0]).toMatchObject({
    state: 'differs',
    note: expect.stringMatching(/^on trial until/),
  })
  apply.kill('SIGINT')
  expect(await apply.ended).toMatchObject({ code: 1, err: expect.stringContaining('rolled back: apply: interrupted') })
  expect(await fleet.graphs()).toEqual(graphs)
})

test('one gateway of a state folder can be watched as well, and prepared without more', async () => {
  const gateway = await startGateway(at())
  const { graph } = await gateway.status()
  writeDocument(gateway.folder, next)
  const apply = (...args: readonly string[]) =>
    mailgw(['apply', '--state-dir', gateway.stateDir, '--json', ...args], gateway.folder)
  const tried = await apply('--dry-run', '--bake', '1s')
  expect(tried, tried.err).toMatchObject({ code: 0 })
  expect(JSON.parse(tried.out)).toMatchObject({
    kind: 'prepared',
    gateways: [{ name: 'this gateway', previous: graph }],
  })
  expect((await gateway.status()).graph).toBe(graph)
  const watched = await apply('--bake', '1s', '--hold-queue', '--reason', 'ticket 42')
  expect(watched, watched.err).toMatchObject({ code: 0 })
  expect((await gateway.status()).graph).toBe(JSON.parse(watched.out).hash)
  const { out } = await mailgw(['history', '--state-dir', gateway.stateDir, '--json'])
  const activation = JSON.parse(out).entries.find(({ action }: { action: string }) => action === 'activate')
  expect(activation).toMatchObject({ reason: 'ticket 42', planHash: expect.stringMatching(/^c1:/), from: graph })
})

describe.skipIf(!git)('drift', () => {
  const commit = (folder: string, message: string) => {
    const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@corp.example']
    execFileSync('git', ['add', '-A'], { cwd: folder })
    execFileSync('git', [...who, 'commit', '-q', '-m', message], { cwd: folder })
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: folder, encoding: 'utf8' }).trim()
  }

  test('says whether every gateway serves what git has, and from which commit', async () => {
    const fleet = await pair()
    execFileSync('git', ['init', '-q'], { cwd: fleet.folder })
    fleet.write(at())
    commit(fleet.folder, 'first')
    // What lies in the folder and is not committed makes no difference.
    expect(await fleet.run(next, 'drift')).toMatchObject({ code: 0 })
    const second = commit(fleet.folder, 'second')
    const behind = await fleet.run(next, 'drift', '--json')
    expect(behind.code).toBe(2)
    expect(JSON.parse(behind.out)).toMatchObject({
      commit: second,
      gateways: [{ state: 'differs' }, { state: 'differs' }],
    })
    expect(await fleet.run(next, 'apply')).toMatchObject({ code: 0 })
    const same = await fleet.run(next, 'drift')
    expect(same).toMatchObject({
      code: 0,
      out: expect.stringMatching(new RegExp(`gw2 .* ${second.slice(0, 10)} .* same`)),
    })
    expect(await fleet.run(next, 'drift', '--revision', 'HEAD~1')).toMatchObject({ code: 2 })

    fleet.gateways[1]!.signal('SIGKILL')
    await fleet.gateways[1]!.ended
    const silent = await fleet.run(next, 'drift', '--json')
    expect(silent.code).toBe(1)
    expect(JSON.parse(silent.out).gateways).toMatchObject([
      { name: 'gw1', state: 'same', commit: second },
      { name: 'gw2', state: 'unknown', note: expect.stringContaining('no gateway is running there') },
    ])
  })

  test('says that a secret was changed since it became active, and nothing of it', async () => {
    const secret = join(tempFolder(), 'srs')
    writeFileSync(secret, 'tulip-tulip-tulip-tulip\n', { mode: 0o600 })
    const keyed = at({ srs: { domain: 'here.test', secret: { $secret: `file:${secret}` } } })
    const fleet = await pair(keyed)
    execFileSync('git', ['init', '-q'], { cwd: fleet.folder })
    fleet.write(keyed)
    commit(fleet.folder, 'first')
    expect(await fleet.run(keyed, 'drift')).toMatchObject({ code: 0 })
    writeFileSync(secret, 'daffodil-daffodil-daffodil\n', { mode: 0o600 })
    const { code, out } = await fleet.run(keyed, 'drift')
    expect(code).toBe(2)
    expect(out).toMatch(new RegExp(`gw2 .* differs +changed since it became active: file:${secret}`))
    expect(out).not.toMatch(/tulip|daffodil/)
  })
})

test.skipIf(!openssl)('a gateway is changed over TLS by whoever has a token for it', async () => {
  const folder = tempFolder()
  const [port, adminPort, token] = [await freePort(), await freePort(), newToken()]
  const ours = authority(folder, 'ca')
  const server = ours.sign('gateway', '/CN=gateway')
  const document = (more: object = {}) => ({
    ...site({ port, localMx: { '*': '127.0.0.1:9' }, ...more }),
    admin: {
      bind: `127.0.0.1:${adminPort}`,
      tls: { cert: server.cert, key: server.key },
      tokens: { ci: { sha256: token.sha256, scopes: ['read', 'prepare', 'activate'] } },
    },
    gateways: { gw1: { tls: `127.0.0.1:${adminPort}`, ca: 'ca.pem', token: { $secret: 'env:MAILGW_CI_TOKEN' } } },
  })
  const gateway = await startGateway(document())
  writeDocument(folder, document({ deny: refuse('ann@here.test') }))
  const denied = await mailgw(['apply'], folder)
  expect(denied).toMatchObject({ code: 1, err: expect.stringContaining('env:MAILGW_CI_TOKEN') })
  process.env['MAILGW_CI_TOKEN'] = token.token
  try {
    const applied = await mailgw(['apply', '--bake', '1s', '--json'], folder)
    expect(applied, applied.err).toMatchObject({ code: 0 })
    expect((await gateway.status()).graph).toBe(JSON.parse(applied.out).hash)
    expect(applied.out + applied.err).not.toContain(token.token)
  } finally {
    delete process.env['MAILGW_CI_TOKEN']
  }
  expect(join(folder, 'ca.pem')).toBe(ours.cert)
})

test('the journals of all gateways are one story, and all go back in one command', async () => {
  const fleet = await pair()
  const graphs = await fleet.graphs()
  expect(await fleet.run(next, 'apply', '--reason', 'ticket 7')).toMatchObject({ code: 0 })
  const story = await fleet.run(next, 'history', '--all', '--limit', '8')
  expect(story.code).toBe(0)
  const activations = story.out.split('\n').filter((line) => line.includes('activate') && line.includes('ticket 7'))
  expect(activations.map((line) => line.slice(0, 3)).sort()).toEqual(['gw1', 'gw2'])

  const back = await fleet.run(next, 'rollback', '--all', '--json')
  expect(back, back.err).toMatchObject({ code: 0 })
  expect(await fleet.graphs()).toEqual(graphs)
  const already = await fleet.run(next, 'rollback', graphs[0]!.slice(0, 15), '--gateways', 'canary', '--json')
  expect(already).toMatchObject({ code: 0 })
  expect(JSON.parse(already.out)).toEqual({
    gateways: [{ name: 'gw1', previous: graphs[0], active: graphs[0], error: null }],
  })

  fleet.gateways[1]!.signal('SIGKILL')
  await fleet.gateways[1]!.ended
  const half = await fleet.run(next, 'history', '--all', '--json')
  expect(half).toMatchObject({ code: 1, err: expect.stringContaining('gw2: ') })
  expect(JSON.parse(half.out).gateways).toMatchObject([
    { name: 'gw1', broken: null, error: null },
    { name: 'gw2', error: expect.stringContaining('no gateway is running there') },
  ])
})
