import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { asking } from './name-server.ts'
import { accepts, freePort, path, tempFolder } from './peer.ts'

export type PostfixOptions = {
  /** Lines for main.cf, in place of ours of the same name. */
  readonly main?: readonly string[]
  /** PEM files: then STARTTLS is offered. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Where it listens; absent: anywhere. */
  readonly port?: number
  /** The name server that it asks, in place of the machine's: an address, for port 53. */
  readonly nameServer?: string
}

export type Postfix = {
  readonly port: number
  /** Messages delivered to `example.test`, whoever the recipient, in the order of their file names. */
  messages(): string[]
  log(): string
}

const services = `cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

/**
 * A Postfix of its own, with its folders in a temp folder, that takes mail for `example.test` on loopback into a maildir.
 * Needs root and the package's user `postfix`. Stopped with the test.
 */
export async function startPostfix({
  main = [],
  tls,
  nameServer,
  port: wanted,
}: PostfixOptions = {}): Promise<Postfix> {
  const base = tempFolder()
  chmodSync(base, 0o755)
  const [etc, queue, data, mail] = ['etc', 'queue', 'data', 'mail'].map((name) => {
    mkdirSync(join(base, name), { mode: 0o755 })
    return join(base, name)
  }) as [string, string, string, string]
  const user = Number(spawnSync('id', ['-u', 'postfix']).stdout.toString())
  chownSync(data, user, 0)
  chownSync(mail, 65534, 65534)
  const port = wanted ?? (await freePort())
  const log = join(base, 'mail.log')
  writeFileSync(join(etc, 'master.cf'), `127.0.0.1:${port} inet n - n - - smtpd\n${services}`)
  const lines = [
    'compatibility_level = 3.6',
    `queue_directory = ${queue}`,
    `data_directory = ${data}`,
    'command_directory = /usr/sbin',
    'daemon_directory = /usr/lib/postfix/sbin',
    'mail_owner = postfix',
    'setgid_group = postdrop',
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    'myhostname = px.example.test',
    'mydestination =',
    'alias_maps =',
    'alias_database =',
    'virtual_mailbox_domains = example.test',
    `virtual_mailbox_base = ${mail}`,
    'virtual_mailbox_maps = static:box/',
    'virtual_uid_maps = static:65534',
    'virtual_gid_maps = static:65534',
    'virtual_minimum_uid = 100',
    'mynetworks =',
    // Otherwise it completes headers of clients on this machine, and octets would differ.
    'local_header_rewrite_clients =',
    'smtpd_relay_restrictions = reject_unauth_destination',
    'smtpd_client_connection_count_limit = 0',
    ...(tls
      ? ['smtpd_tls_security_level = may', `smtpd_tls_cert_file = ${tls.cert}`, `smtpd_tls_key_file = ${tls.key}`]
      : []),
    `maillog_file = ${log}`,
    `maillog_file_prefixes = ${base}`,
    ...main,
  ]
  // A parameter that stands there twice is warned of by each daemon, postlogd too: it would wait for itself to take the
  // warning, once ten others wait before it, and everybody who logs would wait with it.
  const settings = new Map(lines.map((line) => [line.slice(0, line.indexOf('=')).trim(), line]))
  writeFileSync(join(etc, 'main.cf'), `${[...settings.values()].join('\n')}\n`)

  /** Gives what it complains of. A start takes seconds, in which others can start too. */
  const run = async (program: string, args: readonly string[]): Promise<string> => {
    let complaints = ''
    const options = { env: { PATH: path }, timeout: 20_000, killSignal: 'SIGKILL' } as const
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.on('data', (chunk) => (complaints += chunk))
    await once(child, 'exit')
    return complaints
  }
  const control = (command: string) => ['-c', etc, command]
  const readLog = () => (existsSync(log) ? readFileSync(log, 'latin1') : '')
  const start = control('start')
  const [program, args] = nameServer === undefined ? ['postfix', start] : asking(nameServer, 'postfix', start)
  onTestFinished(async () => {
    await run('postfix', control('stop'))
  })
  const complaints = await run(program, args)
  for (let tries = 0; !(await accepts(port)); tries++) {
    if (tries > 500) throw new Error(`postfix did not start: ${complaints}${readLog()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const box = join(mail, 'box', 'new')
  return {
    port,
    messages: () =>
      existsSync(box)
        ? readdirSync(box)
            .sort()
            .map((name) => readFileSync(join(box, name), 'latin1'))
        : [],
    log: readLog,
  }
}
