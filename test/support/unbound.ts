import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, startPeer, tempFolder } from './peer.ts'

/** The resolver Unbound on loopback: it asks `port` for the named zones and nobody for anything else. Ended with the test. */
export async function startUnbound(zones: Readonly<Record<string, number>>): Promise<{ readonly port: number }> {
  const folder = tempFolder()
  const port = await freePort()
  const file = join(folder, 'unbound.conf')
  const stubs = Object.entries(zones).map(
    ([name, at]) => `stub-zone:\n  name: "${name}"\n  stub-addr: 127.0.0.1@${at}\n`,
  )
  writeFileSync(
    file,
    `server:
  interface: 127.0.0.1
  port: ${port}
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${join(folder, 'unbound.pid')}"
  use-syslog: no
  num-threads: 1
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "test." nodefault
  local-zone: "." static
${Object.keys(zones)
  .map((name) => `  local-zone: "${name}." transparent`)
  .join('\n')}
remote-control:
  control-enable: no
${stubs.join('')}`,
  )
  await startPeer('unbound', ['-d', '-c', file], { port, ready: /start of service/ })
  return { port }
}
