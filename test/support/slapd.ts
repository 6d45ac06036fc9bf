import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type Peer, path, startPeer, tempFolder } from './peer.ts'

export type Slapd = { readonly port: number; readonly tlsPort: number; readonly peer: Peer }

export type SlapdOptions = {
  /** PEM files; without them there is no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** More lines of its configuration, before the database. */
  readonly lines?: readonly string[]
  /** Entries below `dc=example,dc=test`, as LDIF. */
  readonly people?: string
  readonly port?: number
}

/** Of the one who may search: `cn=reader,dc=example,dc=test`. */
export const readerPassword = 'reads only'

/** The directory OpenLDAP on loopback, with `dc=example,dc=test` in it. Ended with the test. */
export async function startSlapd({ tls, lines = [], people = '', port }: SlapdOptions = {}): Promise<Slapd> {
  const folder = tempFolder()
  const plain = port ?? (await freePort())
  const tlsPort = await freePort()
  mkdirSync(join(folder, 'db'))
  const secure = tls === undefined ? [] : [`TLSCertificateFile ${tls.cert}`, `TLSCertificateKeyFile ${tls.key}`]
  const config = [
    ...['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`),
    `pidfile ${folder}/pid`,
    `argsfile ${folder}/args`,
    ...secure,
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    ...lines,
    'database mdb',
    'maxsize 10485760',
    'suffix "dc=example,dc=test"',
    'rootdn "cn=admin,dc=example,dc=test"',
    'rootpw secret',
    `directory ${folder}/db`,
    'index objectClass,uid,mail eq',
    'access to attrs=userPassword by anonymous auth by * none',
    'access to * by dn.exact="cn=reader,dc=example,dc=test" read by self read by anonymous auth by * none',
  ]
  writeFileSync(join(folder, 'slapd.conf'), `${config.join('\n')}\n`)
  writeFileSync(join(folder, 'init.ldif'), `${base}${people}`)
  const add = ['-f', join(folder, 'slapd.conf'), '-l', join(folder, 'init.ldif')]
  const { status, stderr } = spawnSync('slapadd', add, { env: { PATH: path }, encoding: 'utf8' })
  if (status !== 0) throw new Error(`slapadd: ${stderr}`)
  const urls = [`ldap://127.0.0.1:${plain}/`, ...(tls === undefined ? [] : [`ldaps://127.0.0.1:${tlsPort}/`])]
  // -d keeps it in the foreground.
  const args = ['-f', join(folder, 'slapd.conf'), '-h', urls.join(' '), '-d', '0']
  const peer = await startPeer('slapd', args, { port: plain })
  return { port: plain, tlsPort, peer }
}

/** One person, with a password in clear text as slapd takes it from a file. */
export const person = (uid: string, password: string, more: readonly string[] = []): string =>
  [
    `dn: uid=${uid},dc=example,dc=test`,
    'objectClass: inetOrgPerson',
    `uid: ${uid}`,
    `cn: ${uid}`,
    'sn: S',
    `userPassword: ${password}`,
    ...more,
    '\n',
  ].join('\n')

const base = `dn: dc=example,dc=test
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: cn=reader,dc=example,dc=test
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: ${readerPassword}

`
