import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { checkControl } from '../../src/graph/check-control.ts'
import type { Control } from '../../src/graph/control.ts'
import type { ListenerTls } from '../../src/mail/settings.ts'
import { aDocument } from '../compile/a-document.ts'

const tls: ListenerTls = {
  mode: 'offered',
  certificates: ['main'],
  minVersion: 'TLSv1.2',
  ciphers: 'ECDHE+AESGCM',
  clientCa: '/etc/ca.pem',
}
const common = { timeoutMs: 1000, onError: 'defer', cacheMs: 0 } as const
const $secret = 'env:SECRET'

/** Everything at once. */
const whole: Control = {
  ...compile(aDocument()).graph.control,
  certificates: [{ name: 'main', certificate: '/etc/main.pem', key: '/etc/main.key' }],
  credentials: [
    {
      ...common,
      id: 'users',
      kind: 'users',
      users: [{ login: 'ann@example.com', hash: '$scrypt$ln=15,r=8,p=1$salt$hash', cram: null, addresses: ['*'] }],
      cramKey: { $secret },
    },
    { ...common, id: 'file', kind: 'file', path: '/etc/users', cramKey: null },
    {
      ...common,
      id: 'dn',
      kind: 'ldap',
      urls: ['ldap://127.0.0.1:389'],
      startTls: false,
      ca: null,
      find: { kind: 'dn', dn: 'uid={login},dc=example' },
      addresses: 'mail',
      connections: 4,
    },
    {
      ...common,
      id: 'search',
      kind: 'ldap',
      urls: ['ldaps://ldap.example:636'],
      startTls: false,
      ca: '/etc/ca.pem',
      find: {
        kind: 'search',
        base: 'dc=example',
        filter: '(mail={login})',
        scope: 'sub',
        bind: { dn: 'cn=gw', password: { $secret } },
      },
      addresses: null,
      connections: 1,
    },
    {
      ...common,
      id: 'radius',
      kind: 'radius',
      servers: [{ host: '10.0.0.9', port: 1812 }],
      secret: { $secret },
      nasIdentifier: null,
      attempts: 2,
    },
    {
      ...common,
      id: 'http',
      kind: 'http',
      url: 'https://a.example/',
      header: { name: 'A', value: { $secret } },
      ca: null,
    },
    { ...common, id: 'exec', kind: 'exec', argv: ['/bin/check', ''] },
    {
      ...common,
      id: 'tokens',
      kind: 'oauth',
      check: { kind: 'jwks', url: 'https://id.example/jwks', algorithms: ['RS256'] },
      issuer: 'https://id.example/',
      audience: ['mailgw'],
      scopes: [],
      claim: 'email',
      addressesClaim: null,
      skewMs: 1000,
      ca: null,
    },
  ],
  bans: {
    failures: 20,
    unknownRecipients: null,
    protocolErrors: 50,
    httpRequests: 5,
    windowMs: 1,
    forMs: 1,
    maxMs: 2,
    except: ['10.0.0.0/8'],
    delay: { firstMs: 1, maxMs: 2 },
    lockOut: null,
  },
  listeners: compile(aDocument()).graph.control.listeners.map((one) => ({
    ...one,
    tls,
    login: { required: true, mechanisms: ['PLAIN', 'CRAM-MD5'], clearTextFrom: ['10.0.0.0/8'] },
    proxy: { from: ['10.0.0.5/32'], timeoutMs: 1000 },
    xclient: ['127.0.0.1/32'],
    greeting: 'ESMTP $r ${env.SITE}',
    greetingEnvironment: ['SITE'],
    greetingDelayMs: 1000,
    earlyTalkers: 'refuse',
    addresses: 'loose',
    lineEndings: 'mend',
    vrfy: ['10.0.0.0/8'],
    time: true,
    helo: 'refuse',
  })),
}

const problem = (control: unknown): string => {
  try {
    checkControl(control, 'control')
    return 'right'
  } catch (error) {
    return (error as Error).message
  }
}

test('all that a document can say of lines and logins has the shape that a gateway takes', () => {
  expect(problem(whole)).toBe('right')
})

/** The value at a path replaced in a copy. */
function changed(path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(whole) as unknown as Record<string | number, unknown>
  let at = copy
  for (const part of path.slice(0, -1)) at = at[part] as Record<string | number, unknown>
  if (value === undefined) delete at[path.at(-1)!]
  else at[path.at(-1)!] = value
  return copy
}

const first = ['listeners', 0] as const
test.each<[string, readonly (string | number)[], unknown, string]>([
  ['a certificate that is not there', [...first, 'tls', 'certificates'], ['other'], 'a certificate that is there'],
  ['TLS without any', [...first, 'tls', 'certificates'], [], 'expected a certificate'],
  ['TLS of another kind', [...first, 'tls', 'mode'], 'sometimes', 'one of offered, required, implicit'],
  ['an old version', [...first, 'tls', 'minVersion'], 'TLSv1', 'one of TLSv1.2, TLSv1.3'],
  ['ciphers with a line break', [...first, 'tls', 'ciphers'], 'A\nB', 'a list of ciphers'],
  ['a relative path', ['certificates', 0, 'key'], 'main.key', 'an absolute path'],
  ['two certificates of one name', ['certificates', 1], { name: 'main', certificate: '/a', key: '/b' }, 'each once'],
  ['an unknown mechanism', [...first, 'login', 'mechanisms'], ['NTLM'], 'one of PLAIN'],
  ['a network with host bits', [...first, 'login', 'clearTextFrom'], ['10.0.0.1/8'], 'a pattern of client'],
  ['a network that is none', [...first, 'vrfy'], ['*'], 'a pattern of client'],
  ['a login without credentials', ['credentials'], undefined, 'expected credentials'],
  ['two back-ends of one id', ['credentials', 1, 'id'], 'users', 'each id once'],
  ['a back-end of no kind', ['credentials', 1, 'kind'], 'kerberos', 'a kind of credentials'],
  ['a back-end that is no object', ['credentials', 1], null, 'a kind of credentials'],
  ['a password for a hash', ['credentials', 0, 'users', 0, 'hash'], 'hunter2', 'expected a hash, got "(not shown)"'],
  ['a secret in clear', ['credentials', 4, 'secret'], { $secret: 'hunter2' }, 'a reference to a secret'],
  ['a key that nobody knows', ['credentials', 6, 'shell'], true, 'expected only'],
  ['a directory without a server', ['credentials', 2, 'urls'], [], 'at least one'],
  ['RADIUS without a server', ['credentials', 4, 'servers'], [], 'at least one'],
  ['a program that is none', ['credentials', 6, 'argv'], [], 'at least one'],
  ['a program that is looked for', ['credentials', 6, 'argv'], ['check'], 'an absolute path'],
  ['keys without an algorithm', ['credentials', 7, 'check', 'algorithms'], [], 'at least one'],
  ['both ways to find a DN', ['credentials', 2, 'find', 'base'], 'dc=example', 'expected only'],
  [
    'a token check of no kind',
    ['credentials', 7, 'check'],
    { kind: 'trust', url: 'https://a.example/', client: null },
    'one of introspection',
  ],
  ['a greeting with a macro that nobody knows', [...first, 'greeting'], '$nothing', 'the template of a greeting'],
  ['a greeting of two lines', [...first, 'greeting'], 'a\r\n250 b', 'the template of a greeting'],
  ['TIME switched off aloud', [...first, 'time'], false, 'one of true'],
  ['a negative time', ['bans', 'forMs'], -1, 'a whole number'],
  ['a ban without an exception list', ['bans', 'except'], undefined, 'expected a value'],
])('a gateway does not take %s', (_, path, value, want) => {
  expect(problem(changed(path, value))).toContain(want)
})

test('a login in clear text from everywhere is not taken, whatever compiled it', () => {
  const without = changed([...first, 'tls'], undefined) as { listeners: { login: { clearTextFrom: string[] } }[] }
  expect(problem(without)).toBe('right')
  without.listeners[0]!.login.clearTextFrom = []
  expect(problem(without)).toContain('TLS, or networks that log in without it')
})
