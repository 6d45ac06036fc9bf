import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressFor } from './name-server.ts'
import { freePort, path, startPeer, tempFolder } from './peer.ts'

/**
 * A zone in zone file notation, without `$ORIGIN`, SOA and NS.
 * signed      DNSSEC, with a trust anchor in the resolver
 * unsigned    as most are
 * `tampered`: records as above, changed after they were signed: `[what stands there, what is put in its place]`
 */
export type SignedZone = {
  readonly records: string
  readonly unsigned?: true
  readonly tampered?: readonly [string, string]
}

export type SignedDns = {
  /** Of the validating resolver, as a document writes it. */
  readonly server: string
  readonly port: number
  /** Where it listens too, if wanted: at port 53, for programs of the C library's resolver (`asking`). */
  readonly address: string
  /** Of the authoritative server behind it, which validates nothing. */
  readonly authoritative: string
  /** Puts other zones in place; the resolver forgets what it knew. */
  change(zones: Readonly<Record<string, SignedZone>>): Promise<void>
}

export const signedDnsPeers = ['nsd', 'unbound', 'ldns-keygen', 'ldns-signzone'] as const

/**
 * NSD with signed zones behind a validating Unbound, on loopback. Ended with the test.
 * @param at53 also at port 53 of `address`, which needs root
 */
export async function startSignedDns(
  zones: Readonly<Record<string, SignedZone>>,
  { at53 = false } = {},
): Promise<SignedDns> {
  const folder = tempFolder()
  const [nsdPort, port] = [await freePort(), await freePort()]
  const address = addressFor(port)
  let stop: () => Promise<void> = async () => {}

  const start = async (all: Readonly<Record<string, SignedZone>>) => {
    mkdirSync(folder, { recursive: true })
    const served = Object.entries(all).map(([name, zone]) => makeZone(folder, name, zone))
    writeFileSync(join(folder, 'nsd.conf'), nsdConf(folder, nsdPort, served))
    writeFileSync(join(folder, 'unbound.conf'), unboundConf(folder, port, nsdPort, served, at53 ? address : null))
    const nsd = await startPeer('nsd', ['-d', '-c', join(folder, 'nsd.conf')], { port: nsdPort, ready: /nsd started/ })
    const unbound = await startPeer('unbound', ['-d', '-c', join(folder, 'unbound.conf')], {
      port,
      ready: /start of service/,
    })
    stop = async () => {
      await unbound.stop('SIGKILL')
      await nsd.stop('SIGKILL')
    }
  }
  await start(zones)
  return {
    server: `127.0.0.1:${port}`,
    port,
    address,
    authoritative: `127.0.0.1:${nsdPort}`,
    async change(next) {
      await stop()
      await start(next)
    },
  }
}

type Served = { readonly name: string; readonly file: string; readonly anchor: string | null }

function makeZone(folder: string, name: string, { records, unsigned, tampered }: SignedZone): Served {
  const file = `${name}.zone`
  const head = '@ IN SOA ns hostmaster 1 3600 600 86400 60\n@ IN NS ns\nns IN A 127.0.0.1\n'
  writeFileSync(join(folder, file), `$ORIGIN ${name}.\n$TTL 300\n${head}${records}\n`)
  if (unsigned === true) return { name, file, anchor: null }
  const run = (program: string, ...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env: { PATH: path }, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
    return stdout.trim()
  }
  const key = run('ldns-keygen', '-r', '/dev/urandom', '-a', 'ECDSAP256SHA256', '-k', name)
  run('ldns-signzone', file, key)
  const signed = `${file}.signed`
  if (tampered !== undefined) {
    const text = readFileSync(join(folder, signed), 'utf8')
    if (!text.includes(tampered[0])) throw new Error(`${tampered[0]} is not in the signed zone: ${text}`)
    writeFileSync(join(folder, signed), text.replaceAll(tampered[0], tampered[1]))
  }
  return { name, file: signed, anchor: join(folder, `${key}.key`) }
}

const nsdConf = (folder: string, port: number, zones: readonly Served[]): string => `server:
  ip-address: 127.0.0.1@${port}
  username: ""
  zonesdir: "${folder}"
  pidfile: "${join(folder, 'nsd.pid')}"
  xfrdfile: "${join(folder, 'xfrd.state')}"
  xfrdir: "${folder}"
  zonelistfile: "${join(folder, 'zone.list')}"
  database: ""
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
${zones.map(({ name, file }) => `zone:\n  name: "${name}"\n  zonefile: "${file}"\n`).join('')}`

const unboundConf = (
  folder: string,
  port: number,
  nsdPort: number,
  zones: readonly Served[],
  also: string | null,
): string => `server:
  interface: 127.0.0.1
${also === null ? '' : `  interface: ${also}@53\n`}  port: ${port}
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${join(folder, 'unbound.pid')}"
  use-syslog: no
  num-threads: 1
  do-daemonize: no
  do-not-query-localhost: no
  local-zone: "test." nodefault
  domain-insecure: "."
${zones.flatMap(({ anchor }) => (anchor === null ? [] : [`  trust-anchor-file: "${anchor}"\n`])).join('')}remote-control:
  control-enable: no
${zones.map(({ name }) => `stub-zone:\n  name: "${name}"\n  stub-addr: 127.0.0.1@${nsdPort}\n`).join('')}`
