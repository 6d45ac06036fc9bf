import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from './peer.ts'

/** As `peers`: whether a program can be given a resolv.conf of its own (a mount namespace, which root alone may have). */
export function canGiveNameServer(): boolean {
  if (spawnSync('unshare', ['-m', 'true']).status === 0) return true
  const reason = 'no mount namespaces here: peers cannot be told which name server to ask'
  if (process.env['CI']) throw new Error(reason)
  console.warn(`SKIP: ${reason}`)
  return false
}

/** A loopback address for a name server at port 53, which is the only port that resolv.conf(5) can mean. */
export const addressFor = (port: number): string => `127.53.${port >> 8}.${port & 255}`

/**
 * The command that runs `program` so that the C library's resolver asks `address`, port 53, and believes its AD. The
 * file of the machine stays as it is; children of the program see the same.
 */
export function asking(address: string, program: string, args: readonly string[]): [string, string[]] {
  const file = join(tempFolder(), 'resolv.conf')
  writeFileSync(file, `nameserver ${address}\noptions trust-ad edns0\n`, { mode: 0o644 })
  return ['unshare', ['-m', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', file, program, ...args]]
}
