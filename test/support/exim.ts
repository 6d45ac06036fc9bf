import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asking } from './name-server.ts'
import { freePort, startPeer, tempFolder } from './peer.ts'

/** Unpacked by `scripts/setup.js --test` and not installed: Debian has one mail server, and that is Postfix here. */
const program = join(import.meta.dirname, '../../node_modules/.cache/mailgw-peers/exim/usr/sbin/exim4')
const user = 'Debian-exim'

/** As `peers`: in CI a missing Exim is a failure. */
export function hasExim(): boolean {
  if (existsSync(program) && spawnSync(program, ['-C', '/dev/null', '-bV']).status === 0) return true
  const reason = 'peer not there: exim4 (npm test unpacks it as root)'
  if (process.env['CI']) throw new Error(reason)
  console.warn(`SKIP: ${reason}`)
  return false
}

export type EximOptions = {
  /** PEM files: STARTTLS is offered. */
  readonly tls: { readonly cert: string; readonly key: string }
  readonly onward: Onward
  /** Where it listens; absent: anywhere. */
  readonly port?: number
  /** Domains that it delivers; absent: `exim.test`. */
  readonly domains?: readonly string[]
}

/**
 * Where mail goes that is not for its own domains:
 * port, ca     to this port of localhost, over TLS that is verified against the authority
 * nameServer   to the MX that the name server at this address (port 53) says, at `port`, over TLS by DANE alone
 */
export type Onward =
  | { readonly port: number; readonly ca: string }
  | { readonly port: number; readonly nameServer: string }

export type Exim = {
  readonly port: number
  /** Messages delivered to its own domains, whoever the recipient. */
  messages(): string[]
  log(): string
}

/** An Exim of its own that takes mail for `exim.test` on loopback into a maildir. Needs root. Stopped with the test. */
export async function startExim({ tls, onward, port: wanted, domains = ['exim.test'] }: EximOptions): Promise<Exim> {
  const base = tempFolder()
  chmodSync(base, 0o755)
  const owner = Number(spawnSync('id', ['-u', user]).stdout.toString())
  const group = Number(spawnSync('id', ['-g', user]).stdout.toString())
  for (const name of ['spool', 'log', 'mail']) {
    mkdirSync(join(base, name))
    chownSync(join(base, name), owner, group)
  }
  // Keys of tests are readable for root alone, and it reads them as itself.
  const [cert, key] = [join(base, 'cert.pem'), join(base, 'key.pem')]
  for (const [from, to] of [
    [tls.cert, cert],
    [tls.key, key],
  ] as const) {
    writeFileSync(to, readFileSync(from))
    chownSync(to, owner, group)
  }
  const port = wanted ?? (await freePort())
  const file = join(base, 'exim.conf')
  writeFileSync(file, configuration(base, port, cert, key, domains, onward), { mode: 0o644 })
  const args = ['-C', file, '-bdf', '-q2s']
  const [command, all] = 'nameServer' in onward ? asking(onward.nameServer, program, args) : [program, args]
  await startPeer(command, all, { port })
  const box = join(base, 'mail', 'new')
  return {
    port,
    messages: () =>
      existsSync(box)
        ? readdirSync(box)
            .sort()
            .map((name) => readFileSync(join(box, name), 'latin1'))
        : [],
    log: () => (existsSync(join(base, 'log', 'mainlog')) ? readFileSync(join(base, 'log', 'mainlog'), 'latin1') : ''),
  }
}

const configuration = (
  base: string,
  port: number,
  cert: string,
  key: string,
  domains: readonly string[],
  onward: Onward,
): string => `primary_hostname = exim.example.test
exim_path = ${program}
spool_directory = ${base}/spool
log_file_path = ${base}/log/%slog
log_selector = +tls_cipher +smtp_protocol_error
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
keep_environment =
qualify_domain = exim.test
tls_certificate = ${cert}
tls_privatekey = ${key}
tls_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
accept_8bitmime = true
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = accept
acl_smtp_data = accept
begin acl
accept:
  accept
begin routers
local:
  driver = accept
  domains = ${domains.join(':')}
  transport = box
onward:
${
  'ca' in onward
    ? `  driver = manualroute
  route_data = localhost::${onward.port} byname`
    : `  driver = dnslookup
  dnssec_request_domains = *`
}
  transport = onward
  self = send
  no_more
begin transports
box:
  driver = appendfile
  maildir_format
  directory = ${base}/mail
  create_directory
  user = ${user}
onward:
  driver = smtp
${
  'ca' in onward
    ? `  hosts_require_tls = *
  tls_verify_hosts = *
  tls_verify_certificates = ${onward.ca}
  tls_verify_cert_hostnames = *`
    : `  port = ${onward.port}
  hosts_require_dane = *`
}
  hosts_try_chunking = *
begin retry
* * F,1h,1s
`
