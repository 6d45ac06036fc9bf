import { describe, expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import { graphHash } from '../../src/graph/canonical.ts'
import { checkGraph } from '../../src/graph/check-graph.ts'
import type { Stage } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import type { LineSettings, ListenerTls, LoginSettings } from '../../src/mail/settings.ts'
import { aDocument, facts, listener, type Said } from './a-document.ts'

const tls = (mode: ListenerTls['mode']): ListenerTls => ({
  mode,
  certificates: ['main'],
  minVersion: 'TLSv1.2',
  ciphers: null,
  clientCa: null,
})
const login = (required: boolean, clearTextFrom: readonly string[] = []): LoginSettings => ({
  required,
  mechanisms: ['PLAIN'],
  clearTextFrom,
})
const users: Document['credentials'] = [
  {
    at: 'credentials[0]',
    id: 'staff',
    kind: 'file',
    path: '/etc/mailgw/users',
    cramKey: null,
    timeoutMs: 1000,
    onError: 'defer',
    cacheMs: 0,
  },
]
const certificates = [{ at: 'certificates.main', name: 'main', certificate: '/a.pem', key: '/a.key' }]

type Extra = LineSettings & { readonly allowFrom?: readonly string[] }

function graphOf(lines: Readonly<Record<string, Extra>>, part: Partial<Document> = {}) {
  const listeners = Object.entries(lines).map(([name, line]) => ({ ...listener(name, 'submission'), ...line }))
  const document = aDocument({ listeners, certificates, credentials: users, ...part })
  const { graph, diagnostics } = compile(document)
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  checkGraph(graph)
  return graph
}

/** What a stage says, in short. */
function asker(lines: Readonly<Record<string, Extra>>) {
  const evaluator = interpreter(graphOf(lines))
  return (stage: Stage, said: Said): string => {
    const leaf = evaluator.leaf(evaluator.start(stage, facts({ sender: 'a@elsewhere.example', ...said })))
    return leaf.kind === 'refuse' ? `${leaf.code} ${leaf.status} ${evaluator.winner().at}` : leaf.kind
  }
}

describe('MR-09 MR-08 a listener that demands TLS', () => {
  const ask = asker({
    required: { tls: tls('required') },
    implicit: { tls: tls('implicit') },
    offered: { tls: tls('offered') },
  })

  test.each(['required', 'implicit'])('%s: takes no mail on a clear line', (name) => {
    expect(ask('mail', { listener: name })).toBe(`530 5.7.0 listeners.${name}.tls`)
    expect(ask('mail', { listener: name, tls: true })).toBe('next')
  })

  test('offered: takes mail either way', () => {
    expect(ask('mail', { listener: 'offered' })).toBe('next')
    expect(ask('mail', { listener: 'offered', tls: true })).toBe('next')
  })
})

describe('MQ-23 MR-16 a listener that demands a login', () => {
  const ask = asker({
    users: { tls: tls('required'), login: login(true) },
    printers: { login: login(false, ['10.20.0.0/24']) },
    mx: {},
  })

  test('asks for TLS first, then for the login', () => {
    expect(ask('mail', { listener: 'users' })).toBe('530 5.7.0 listeners.users.tls')
    expect(ask('mail', { listener: 'users', login: 'ann@example.com' })).toBe('530 5.7.0 listeners.users.tls')
    expect(ask('mail', { listener: 'users', tls: true })).toBe('530 5.7.0 listeners.users.login')
    expect(ask('mail', { listener: 'users', tls: true, login: 'ann@example.com' })).toBe('next')
  })

  test('a client certificate is no login', () => {
    const certificate = `sha256:${'a'.repeat(64)}`
    expect(ask('mail', { listener: 'users', tls: true, certificate })).toBe('530 5.7.0 listeners.users.login')
  })

  test('asks other listeners for nothing', () => {
    expect(ask('mail', { listener: 'printers' })).toBe('next')
    expect(ask('mail', { listener: 'mx' })).toBe('next')
  })

  test('AUTH may be used over TLS, in clear text from networks that are named, and nowhere else', () => {
    expect(ask('auth', { listener: 'users' })).toBe('538 5.7.11 listeners.users.login')
    expect(ask('auth', { listener: 'users', tls: true })).toBe('next')
    expect(ask('auth', { listener: 'printers', client: '10.20.0.9' })).toBe('next')
    expect(ask('auth', { listener: 'printers', client: '10.20.1.9' })).toBe('538 5.7.11 listeners.printers.login')
    expect(ask('auth', { listener: 'mx', tls: true })).toBe('502 5.5.1 listeners')
  })
})

test('an offered login with networks for clear text: TLS from anywhere, or those networks', () => {
  const ask = asker({ both: { tls: tls('offered'), login: login(false, ['10.20.0.0/24']) } })
  expect(ask('auth', { listener: 'both', client: '192.0.2.1', tls: true })).toBe('next')
  expect(ask('auth', { listener: 'both', client: '10.20.0.1' })).toBe('next')
  expect(ask('auth', { listener: 'both', client: '192.0.2.1' })).toBe('538 5.7.11 listeners.both.login')
})

test('MR-15 a listener for some networks is closed to all others, and to them alone', () => {
  const ask = asker({ lan: { allowFrom: ['10.0.0.0/8', 'fd00::/8'] }, mx: {} })
  expect(ask('connect', { listener: 'lan', client: '10.1.2.3' })).toBe('next')
  expect(ask('connect', { listener: 'lan', client: 'fd00::1' })).toBe('next')
  expect(ask('connect', { listener: 'lan', client: '192.0.2.1' })).toBe('554 5.7.1 listeners.lan.allowFrom')
  expect(ask('connect', { listener: 'mx', client: '192.0.2.1' })).toBe('next')
})

describe('the graph', () => {
  test('of a document that says nothing of lines has nothing of them', () => {
    const { control, entry, nodes } = compile(aDocument()).graph
    expect(Object.keys(control)).not.toContain('certificates')
    expect(Object.keys(control)).not.toContain('credentials')
    expect(Object.keys(control)).not.toContain('bans')
    expect(nodes[entry.auth]!.kind).toBe('next')
    for (const one of control.listeners) {
      expect(Object.keys(one).sort()).toEqual(['bind', 'hostname', 'kind', 'maxSizeBytes', 'name'])
    }
  })

  test('has certificates by name, credentials in their order, and no places', () => {
    const more = [...certificates, { at: 'x', name: 'alpha', certificate: '/b.pem', key: '/b.key' }]
    const { control } = graphOf({ users: { tls: tls('required') } }, { certificates: more })
    expect(control.certificates?.map(({ name }) => name)).toEqual(['alpha', 'main'])
    expect(JSON.stringify(control)).not.toContain('"at"')
  })

  test('has another name when a line changes, and the same when only the order of certificates does', () => {
    const more = [{ at: 'x', name: 'alpha', certificate: '/b.pem', key: '/b.key' }, ...certificates]
    const one = graphOf({ users: { tls: tls('required') } }, { certificates: more })
    const two = graphOf({ users: { tls: tls('required') } }, { certificates: more.toReversed() })
    const three = graphOf({ users: { tls: tls('offered') } }, { certificates: more })
    expect(graphHash(one)).toBe(graphHash(two))
    expect(graphHash(one)).not.toBe(graphHash(three))
  })
})
