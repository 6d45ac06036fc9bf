import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type Peer, startPeer, tempFolder } from './peer.ts'

export type Nsd = {
  readonly port: number
  /** Puts other zones in place, and returns when they are served. */
  change(zones: Zones): Promise<void>
  stop(): Promise<void>
}

/** Zone files by zone name, without `$ORIGIN`, SOA and NS where they do not say their own. */
export type Zones = Readonly<Record<string, string>>

/**
 * The authoritative server NSD on loopback. What is not in its zones it refuses. Ended with the test.
 * @param minimum TTL of absences, in seconds
 */
export async function startNsd(zones: Zones, { minimum = 60 } = {}): Promise<Nsd> {
  const folder = tempFolder()
  const port = await freePort()
  const file = join(folder, 'nsd.conf')
  let peer: Peer | null = null

  const write = (all: Zones) => {
    mkdirSync(join(folder, 'zones'), { recursive: true })
    for (const [name, text] of Object.entries(all)) {
      const own = /\bSOA\b/.test(text)
      const head = own ? '' : `@ IN SOA ns hostmaster 1 3600 600 86400 ${minimum}\n@ IN NS ns\nns IN A 127.0.0.1\n`
      writeFileSync(join(folder, 'zones', name), `$ORIGIN ${name}.\n$TTL 300\n${head}${text}\n`)
    }
    const list = Object.keys(all).map((name) => `zone:\n  name: "${name}"\n  zonefile: "${name}"\n`)
    writeFileSync(
      file,
      `server:
  ip-address: 127.0.0.1@${port}
  username: ""
  zonesdir: "${join(folder, 'zones')}"
  pidfile: "${join(folder, 'nsd.pid')}"
  xfrdfile: "${join(folder, 'xfrd.state')}"
  xfrdir: "${folder}"
  zonelistfile: "${join(folder, 'zone.list')}"
  database: ""
  server-count: 1
  tcp-count: 100
  rrl-ratelimit: 0
remote-control:
  control-enable: no
${list.join('')}`,
    )
  }
  const start = async () => {
    // The line is its last before it serves.
    peer = await startPeer('nsd', ['-d', '-c', file], { port, ready: /nsd started/ })
  }
  const stop = async () => {
    await peer?.stop('SIGKILL')
    peer = null
  }

  write(zones)
  await start()
  return {
    port,
    async change(next) {
      await stop()
      write(next)
      await start()
    },
    stop,
  }
}
