import { spawn, spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { greeted } from './wait.js'

/** Why Postfix cannot run here, or `null`. Its master has to be started by root. */
export function withoutPostfix() {
  if (process.getuid?.() !== 0) return 'Postfix has to be started by root'
  return spawnSync('sh', ['-c', 'command -v postfix']).status === 0 ? null : 'postfix is not installed'
}

/**
 * Postfix with a configuration of its own below `folder`, relaying to the sink. Durable as it comes; what only slows a
 * load from one client is off (in_flow_delay, client limits), and it may run more processes than it would. `more`: further
 * lines of main.cf.
 */
export async function startPostfix({ folder, port, sinkPort, tls = null, greetsAt = port, more = '' }) {
  const place = (name) => join(folder, name)
  for (const name of ['etc', 'queue', 'data']) mkdirSync(place(name), { recursive: true })
  const { uid } = passwd('postfix')
  chownSync(place('data'), uid, 0)
  writeFileSync(place('etc/main.cf'), mainCf(folder, sinkPort, tls) + more)
  writeFileSync(place('etc/master.cf'), masterCf(port))
  const child = spawn('postfix', ['-c', place('etc'), 'start-fg'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += chunk))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  process.once('exit', () => child.kill('SIGTERM'))
  if (!(await greeted(greetsAt, { gaveUp: () => child.exitCode !== null })))
    throw new Error(`Postfix did not start: ${errors}`)
  return {
    name: 'postfix',
    port,
    pid: child.pid,
    async stop() {
      spawnSync('postfix', ['-c', place('etc'), 'stop'], { stdio: 'ignore' })
      await ended
    },
  }
}

function passwd(user) {
  const [, , uid] = spawnSync('getent', ['passwd', user], { encoding: 'utf8' }).stdout.split(':')
  return { uid: Number(uid) }
}

const mainCf = (folder, sinkPort, tls) => `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.example.test
mydestination =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_peername_lookup = no
relayhost = [127.0.0.1]:${sinkPort}
in_flow_delay = 0
message_size_limit = 0
mailbox_size_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 300
default_destination_concurrency_limit = 50
smtp_destination_concurrency_limit = 50
maillog_file = ${folder}/mail.log
maillog_file_prefixes = ${folder}
${
  tls === null
    ? ''
    : `smtpd_tls_wrappermode = yes
smtpd_tls_cert_file = ${tls.certificate}
smtpd_tls_key_file = ${tls.key}
`
}`

const masterCf = (port) => `127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
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
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
