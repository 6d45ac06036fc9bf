import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { cramKey, encryptPassword } from '../../src/credentials/passwords/encrypted.ts'
import { makeScram } from '../../src/credentials/passwords/scram-keys.ts'
import { authority } from '../support/certificates.ts'
import { type Running, startGateway } from '../support/gateway.ts'
import { freePort, path, tempFolder } from '../support/peer.ts'

export const password = 'a white rabbit, late'
const key = 'the secret of the old devices'

export type LoginSite = Running & {
  /** STARTTLS, implicit TLS, and a LAN listener in clear text. */
  readonly ports: { readonly starttls: number; readonly implicit: number; readonly lan: number }
  readonly users: string
  readonly ca: string
}

/** A site on which `alice` may log in by every mechanism that needs a password, and may then send anywhere. */
export async function startLoginSite(more: object = {}): Promise<LoginSite> {
  const folder = tempFolder()
  const ca = authority(folder, 'ca')
  const { cert, key: certKey } = ca.sign('gateway', '/CN=localhost', '2', ['localhost'])
  const users = join(folder, 'users')
  const keys = await makeScram(password, randomBytes(16), 4096)
  const sealed = encryptPassword(await cramKey(key), password, randomBytes(12))
  writeFileSync(users, `alice:${keys} ${sealed}:sales@here.test\n`, { mode: 0o600 })
  chmodSync(folder, 0o755)
  const ports = { starttls: await freePort(), implicit: await freePort(), lan: await freePort() }
  const mechanisms = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'PLAIN', 'LOGIN']
  const login = { required: true, mechanisms, legacy: ['CRAM-MD5'] }
  const bind = (port: number) => `127.0.0.1:${port}`
  const document = {
    hostname: 'gateway.test',
    postmaster: 'postmaster@here.test',
    listeners: {
      starttls: { kind: 'submission', bind: bind(ports.starttls), tls: 'required', login },
      implicit: { kind: 'submission', bind: bind(ports.implicit), tls: 'implicit', login },
      lan: {
        kind: 'submission',
        bind: bind(ports.lan),
        tls: 'offered',
        login: { ...login, clearTextFrom: ['127.0.0.2'] },
      },
    },
    certificates: { main: { cert, key: certKey } },
    credentials: [{ id: 'people', file: users, cramKey: { $secret: 'env:CRAM_KEY' } }],
    clients: { people: { logins: ['*'], internal: true } },
    domains: { 'here.test': 'local' },
    // Who fails waits longer each time; that is tested elsewhere.
    bans: { delay: 'off' },
    localMx: { 'here.test': 'deliver', '*': { reject: { code: 550, text: '5.4.4 no way there' } } },
    ...more,
  }
  const running = await startGateway(document, { folder, env: { CRAM_KEY: key }, args: ['--log-level', 'debug'] })
  return { ...running, ports, users, ca: ca.cert }
}

/** Runs a client to its end; the password may be told to it by the environment. */
export async function client(
  program: string,
  args: readonly string[],
  input = '',
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(program, args, { env: { ...process.env, PATH: path }, stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject))
  return { code, output }
}

/** Stands between a client and the gateway and keeps every octet that goes either way. */
export async function tap(port: number, from = '127.0.0.1'): Promise<{ readonly port: number; captured(): Buffer }> {
  const octets: Buffer[] = []
  const open = new Set<Socket>()
  const server = createServer((one) => {
    const other = createConnection({ port, host: '127.0.0.1', localAddress: from })
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      open.add(here)
      here.on('data', (chunk) => octets.push(chunk))
      here.on('error', () => there.destroy())
      here.pipe(there)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, captured: () => Buffer.concat(octets) }
}
