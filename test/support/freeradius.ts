import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type Peer, startPeer, tempFolder } from './peer.ts'

export type RadiusOptions = {
  readonly secret: string
  readonly users: Readonly<Record<string, string>>
  /** False: it answers as it did before CVE-2024-3596. */
  readonly signs?: boolean
}

/** FreeRADIUS on loopback, with PAP and a file of users. Ended with the test. */
export async function startFreeradius(options: RadiusOptions): Promise<{ readonly port: number; readonly peer: Peer }> {
  const { secret, users, signs = true } = options
  const folder = tempFolder()
  const port = await freePort()
  // An empty one is filled in when the answer is signed.
  const sign = signs ? 'update reply {\n Message-Authenticator := 0x00\n }' : ''
  writeFileSync(
    join(folder, 'radiusd.conf'),
    `prefix = /usr
libdir = /usr/lib/freeradius
raddbdir = ${folder}
run_dir = ${folder}
logdir = ${folder}
pidfile = ${folder}/pid
max_request_time = 5
security {
  max_attributes = 200
  reject_delay = 0
  allow_vulnerable_openssl = yes
}
thread pool {
  start_servers = 1
  max_servers = 4
}
client local {
  ipaddr = 127.0.0.1
  secret = "${secret}"
  require_message_authenticator = yes
}
modules {
  pap {
  }
  files {
    usersfile = ${folder}/users
  }
  always ok {
    rcode = ok
  }
}
server default {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = ${port}
  }
  authorize {
    files
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
  }
  post-auth {
    ${sign}
    ok
    Post-Auth-Type REJECT {
      ${sign}
      ok
    }
  }
}
`,
  )
  const lines = Object.entries(users).map(([name, password]) => `"${name}" Cleartext-Password := "${password}"\n`)
  writeFileSync(join(folder, 'users'), lines.join(''))
  writeFileSync(join(folder, 'dictionary'), '$INCLUDE /usr/share/freeradius/dictionary\n')
  const args = ['-d', folder, '-n', 'radiusd', '-l', 'stdout', '-f', '-x']
  const peer = await startPeer('freeradius', args, { ready: /Ready to process/ })
  return { port, peer }
}
