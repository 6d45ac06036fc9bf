import { describe, expect, test } from 'vitest'
import { documentOf, problems, tsv } from './check.ts'

const certificates = { main: { cert: '/etc/mailgw/main.pem', key: '/etc/mailgw/main.key' } }
const file = [{ id: 'staff', file: '/etc/mailgw/users' }]
const scrypt = '$scrypt$ln=15,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA'
const sha512 = `$6$salt$${'h'.repeat(86)}`
const scram =
  '$scram-sha-256$4096$c2FsdHNhbHQ=$c3RvcmVkIGtleSB0aGF0IGhhcyAzMiBvY3RldHMgLi4=$c3RvcmVkIGtleSB0aGF0IGhhcyAzMiBvY3RldHMgLi4='
const secret = { $secret: 'env:SECRET' }

/** What the document makes of one listener. */
const lineOf = (listener: Record<string, unknown>, more: Record<string, unknown> = {}) => {
  const listeners = { users: { kind: 'submission', bind: '127.0.0.1:5870', ...listener } }
  const { at, name, kind, bind, hostname, maxSizeBytes, ...line } = documentOf({ listeners, ...more }).listeners[0]!
  return line
}
/** What is told of one listener. */
const told = (listener: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  problems({ listeners: { users: { kind: 'submission', bind: '127.0.0.1:5870', ...listener } }, ...more })

describe('a listener', () => {
  test('says nothing of what is as it would be without a word', () => {
    const usual = {
      tls: 'off',
      login: 'off',
      earlyTalkers: 'observe',
      addresses: 'strict',
      time: false,
      helo: 'accept',
    }
    expect(lineOf(usual)).toEqual({})
    expect(lineOf({ kind: 'internal', addresses: 'loose' })).toEqual({})
    expect(lineOf({ kind: 'internal', addresses: 'strict' })).toEqual({ addresses: 'strict' })
  })

  test('has TLS by one word with the only certificate, or by an object', () => {
    const tls = { mode: 'required', certificates: ['main'], minVersion: 'TLSv1.2', ciphers: null, clientCa: null }
    expect(lineOf({ tls: 'required' }, { certificates })).toEqual({ tls })
    const more = { ...certificates, old: certificates.main }
    const object = { mode: 'implicit', certificates: ['old', 'main'], minVersion: 'TLSv1.3', clientCa: '/etc/ca.pem' }
    expect(lineOf({ tls: object }, { certificates: more })).toEqual({
      tls: { ...tls, ...object, ciphers: null },
    })
  })

  test('says nothing of line endings that its kind has anyway', () => {
    for (const [kind, own, other] of [
      ['mx', 'strict', 'mend'],
      ['submission', 'mend', 'strict'],
      ['internal', 'mend', 'strict'],
    ] as const) {
      expect(lineOf({ kind, lineEndings: own })).not.toHaveProperty('lineEndings')
      expect(lineOf({ kind, lineEndings: other })).toMatchObject({ lineEndings: other })
    }
  })

  test('has manners', () => {
    expect(
      lineOf({
        greeting: { text: 'on ${env.SITE}', environment: ['SITE'] },
        greetingDelay: '2s',
        earlyTalkers: 'refuse',
        vrfy: ['10.0.0.0/8', '127.0.0.1'],
        time: true,
        helo: 'refuse',
        allowFrom: '10.0.0.0/8',
        proxy: { from: tsv('10.0.0.5\n10.0.0.6') },
        xclient: '127.0.0.1',
      }),
    ).toEqual({
      greeting: 'on ${env.SITE}',
      greetingEnvironment: ['SITE'],
      greetingDelayMs: 2000,
      earlyTalkers: 'refuse',
      vrfy: ['10.0.0.0/8', '127.0.0.1/32'],
      time: true,
      helo: 'refuse',
      allowFrom: ['10.0.0.0/8'],
      proxy: { from: ['10.0.0.5/32', '10.0.0.6/32'], timeoutMs: 5000 },
      xclient: ['127.0.0.1/32'],
    })
  })
})

describe('the mechanisms of a login', () => {
  const of = (credentials: readonly unknown[], login: unknown = 'offered', tls: unknown = 'required') =>
    lineOf({ tls, login }, { certificates, credentials }).login!.mechanisms

  test('MQ-25 of a file nobody knows what it holds: PLAIN and LOGIN', () => {
    expect(of(file)).toEqual(['PLAIN', 'LOGIN'])
  })

  test('with keys for SCRAM of every user it comes first, bound to the TLS connection where it can be', () => {
    const users = [{ id: 'staff', users: { 'ann@corp.example': scram } }]
    expect(of(users)).toEqual(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'PLAIN', 'LOGIN'])
    expect(of(users, { clearTextFrom: '10.0.0.0/8' }, 'off')).toEqual(['SCRAM-SHA-256', 'PLAIN', 'LOGIN'])
  })

  test('with keys of some users only it has to be asked for, and that is warned of', () => {
    const credentials = [{ id: 'staff', users: { 'ann@corp.example': scram, 'bob@corp.example': scrypt } }]
    expect(of(credentials)).toEqual(['PLAIN', 'LOGIN'])
    const login = { mechanisms: ['SCRAM-SHA-256', 'PLAIN'] }
    expect(of(credentials, login)).toEqual(['SCRAM-SHA-256', 'PLAIN'])
    expect(told({ tls: 'required', login }, { certificates, credentials })).toEqual([
      'warning MG1614 listeners.users.login.mechanisms[0]',
    ])
  })

  test('tokens are taken where somebody can check them', () => {
    const oauth = { id: 'tokens', oauth: { introspection: { url: 'https://id.corp.example/introspect' } } }
    expect(of([oauth])).toEqual(['OAUTHBEARER', 'XOAUTH2'])
    expect(of([oauth, ...file])).toEqual(['OAUTHBEARER', 'XOAUTH2', 'PLAIN', 'LOGIN'])
    expect(told({ tls: 'required', login: { mechanisms: ['PLAIN'] } }, { certificates, credentials: [oauth] })).toEqual(
      ['MG1614 listeners.users.login.mechanisms[0]'],
    )
  })

  test('CRAM-MD5 is there only as legacy, with encrypted passwords and their key', () => {
    const user = { hash: scrypt, cram: '$aes-256-gcm$bm9uY2U$Y2lwaGVy' }
    const credentials = [{ id: 'staff', cramKey: secret, users: { 'fax@corp.example': user } }]
    expect(of(credentials)).toEqual(['PLAIN', 'LOGIN'])
    expect(of(credentials, { legacy: ['CRAM-MD5'] })).toEqual(['PLAIN', 'LOGIN', 'CRAM-MD5'])
    expect(told({ tls: 'required', login: { mechanisms: ['CRAM-MD5'] } }, { certificates, credentials })).toEqual([
      'MG1204 listeners.users.login.mechanisms[0]',
    ])
  })
})

describe('credentials', () => {
  const of = (credential: Record<string, unknown>) =>
    documentOf({
      listeners: { users: { kind: 'submission', bind: '127.0.0.1:5870', tls: 'required', login: 'required' } },
      certificates,
      credentials: [{ id: 'one', ...credential }],
    }).credentials[0]!
  const common = { at: 'credentials[0]', id: 'one', timeoutMs: 10_000, onError: 'defer', cacheMs: 300_000 }

  test('MR-17 MR-22 users have hashes, and logins are compared without case', () => {
    const users = {
      'Ann@Corp.Example': scrypt,
      'bob@corp.example': { hash: sha512, addresses: ['Sales@CORP.example', '*@grüezi.example'] },
    }
    expect(of({ users })).toEqual({
      ...common,
      cacheMs: 0,
      kind: 'users',
      cramKey: null,
      users: [
        { login: 'ann@corp.example', hash: scrypt, cram: null, addresses: [] },
        {
          login: 'bob@corp.example',
          hash: sha512,
          cram: null,
          addresses: ['sales@corp.example', '*@xn--grezi-lva.example'],
        },
      ],
    })
    expect(of({ users: tsv(`ann@corp.example\t${scrypt}`) })).toMatchObject({ users: [{ login: 'ann@corp.example' }] })
  })

  test('a hash that has lost its end, or costs more than a gateway has, is refused with the document', () => {
    for (const hash of [scrypt.slice(0, -12), sha512.slice(0, -1), '$6$rounds=99999999$salt$x', scram.slice(0, -3)]) {
      expect(problems({ credentials: [{ id: 'one', users: { ann: hash } }] })).toContain(
        'MG1324 credentials[0].users.ann',
      )
    }
  })

  test('MR-18 a directory outside of this machine is asked over TLS', () => {
    const dn = 'uid={login},ou=people,dc=corp'
    expect(of({ ldap: { urls: 'ldap://ldap.corp.example', dn } })).toEqual({
      ...common,
      kind: 'ldap',
      urls: ['ldap://ldap.corp.example:389'],
      startTls: true,
      ca: null,
      find: { kind: 'dn', dn },
      addresses: null,
      connections: 4,
    })
    expect(of({ ldap: { urls: ['ldap://127.0.0.1:3890'], dn } })).toMatchObject({ startTls: false })
    expect(of({ ldap: { urls: ['ldaps://[2001:db8::1]'], dn } })).toMatchObject({ urls: ['ldaps://[2001:db8::1]:636'] })
  })

  test('MR-19 MR-21 MR-23 RADIUS, HTTP and programs', () => {
    expect(of({ radius: { servers: '10.0.0.9', secret }, cache: 'off', onError: 'next', timeout: '3s' })).toEqual({
      ...common,
      timeoutMs: 3000,
      onError: 'next',
      cacheMs: 0,
      kind: 'radius',
      servers: [{ host: '10.0.0.9', port: 1812 }],
      secret,
      nasIdentifier: null,
      attempts: 2,
    })
    const header = { name: 'Authorization', value: secret }
    expect(of({ http: { url: 'http://localhost:8080/check', header } })).toMatchObject({
      kind: 'http',
      header,
      ca: null,
    })
    expect(of({ exec: ['/bin/check', '--realm', 'a b'] })).toMatchObject({ argv: ['/bin/check', '--realm', 'a b'] })
  })

  test('tokens are checked by public keys of an issuer, for us', () => {
    const oauth = {
      jwks: { url: 'https://id.corp.example/jwks' },
      issuer: 'https://id.corp.example/',
      audience: 'mailgw',
    }
    expect(of({ oauth })).toEqual({
      ...common,
      kind: 'oauth',
      check: {
        kind: 'jwks',
        url: 'https://id.corp.example/jwks',
        algorithms: ['ES256', 'EdDSA', 'PS256', 'RS256'],
      },
      issuer: 'https://id.corp.example/',
      audience: ['mailgw'],
      scopes: [],
      claim: 'email',
      addressesClaim: null,
      skewMs: 60_000,
      ca: null,
    })
  })
})

describe('MQ-30 bans', () => {
  test('are off without the section', () => expect(documentOf({}).bans).toBe(null))

  test('have numbers where none are written, and spare the trusted', () => {
    expect(documentOf({ bans: {}, trusted: ['10.0.0.0/8'] }).bans).toEqual({
      failures: 20,
      unknownRecipients: 50,
      protocolErrors: 50,
      httpRequests: 5,
      windowMs: 600_000,
      forMs: 3_600_000,
      maxMs: 604_800_000,
      except: ['10.0.0.0/8'],
      delay: { firstMs: 1000, maxMs: 30_000 },
      lockOut: { failures: 10, windowMs: 900_000, forMs: 900_000 },
    })
  })

  test('take every number, and leave out what is off', () => {
    const bans = { failures: 3, unknownRecipients: 'off', except: '127.0.0.1', delay: 'off', lockOut: 'off' }
    expect(documentOf({ bans, trusted: ['10.0.0.0/8'] }).bans).toMatchObject({
      failures: 3,
      unknownRecipients: null,
      except: ['127.0.0.1/32'],
      delay: null,
      lockOut: null,
    })
  })
})

test('MR-30 connections of both directions together are at least as many as either may have', () => {
  const limits = { sessions: 50, sessionsPerClient: 10, connectionsOut: 75 }
  expect(documentOf({ limits: { ...limits, connections: 100 } }).limits.connections).toBe(100)
  expect(problems({ limits: { ...limits, connections: 74 } })).toEqual(['MG1208 limits.connections'])
})
