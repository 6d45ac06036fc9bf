import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPeer, tempFolder } from './peer.ts'

/**
 * Dovecot's authentication service alone, for a Postfix beside it: `user:password` pairs, over a socket.
 * Needs root and the package's users.
 */
export async function startDovecotSasl(users: Readonly<Record<string, string>>, mechanisms: string): Promise<string> {
  const base = tempFolder()
  chmodSync(base, 0o755)
  const [run, state] = ['run', 'state'].map((name) => {
    mkdirSync(join(base, name), { mode: 0o755 })
    return join(base, name)
  }) as [string, string]
  chownSync(run, 0, 0)
  const socket = join(run, 'sasl')
  const file = Object.entries(users).map(([user, password]) => `${user}:{PLAIN}${password}`)
  writeFileSync(join(base, 'users'), `${file.join('\n')}\n`)
  writeFileSync(
    join(base, 'd.conf'),
    `protocols =
base_dir = ${run}
state_dir = ${state}
log_path = /dev/stderr
ssl = no
disable_plaintext_auth = no
auth_mechanisms = ${mechanisms}
auth_username_chars =
auth_failure_delay = 0
first_valid_uid = 0
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
passdb {
  driver = passwd-file
  args = ${base}/users
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/tmp
}
service auth {
  unix_listener ${socket} {
    mode = 0666
  }
}
service anvil {
  chroot =
}
`,
  )
  chmodSync(join(base, 'users'), 0o644)
  await startPeer('dovecot', ['-F', '-c', join(base, 'd.conf')], { ready: /starting up/i })
  return socket
}
