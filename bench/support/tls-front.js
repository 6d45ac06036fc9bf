import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mailgw } from './mailgw.js'
import { freePort } from './wait.js'

/** Why TLS cannot be measured here, or `null`. */
export const withoutTls = () =>
  spawnSync('sh', ['-c', 'command -v haproxy'], { env: { PATH: `${process.env.PATH}:/usr/sbin` } }).status === 0
    ? null
    : 'haproxy is not installed'

/** A certificate and its key below `folder`. */
export const certificateIn = (folder) =>
  mailgw('cert', 'self-signed', '--name', 'localhost', '--out', folder, '--force', '--json')

/**
 * smtp-source speaks no TLS: what it says in clear text goes on encrypted to `port`, from the first octet, by a HAProxy,
 * which is the same for all contestants and is not counted to any. Each connection has a handshake of its own.
 */
export async function startTlsFront({ folder, port }) {
  mkdirSync(folder, { recursive: true })
  const front = await freePort()
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(
    file,
    `global
  maxconn 1000
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 120s
  timeout server 120s
frontend clear
  bind 127.0.0.1:${front}
  default_backend encrypted
backend encrypted
  server server 127.0.0.1:${port} ssl verify none no-ssl-reuse
`,
  )
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'], env })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  process.once('exit', () => child.kill('SIGKILL'))
  return {
    port: front,
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
