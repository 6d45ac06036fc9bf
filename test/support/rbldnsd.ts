import { createSocket } from 'node:dgram'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Packet } from 'dns2'
import { freePort, startPeer, tempFolder } from './peer.ts'

/** A zone and its data set, such as `{ zone: 'zen.dnsbl.test', set: 'ip4set', data: ':127.0.0.2:Listed\n192.0.2.0/24' }`. */
export type RblZone = { readonly zone: string; readonly set: 'ip4set' | 'ip6trie' | 'dnset'; readonly data: string }

/** The DNSBL server rbldnsd on loopback (UDP only). Ended with the test. */
export async function startRbldnsd(zones: readonly RblZone[]): Promise<{ readonly port: number }> {
  const folder = tempFolder()
  chmodSync(folder, 0o755)
  const port = await freePort()
  const sets = zones.map(({ zone, set, data }, i) => {
    writeFileSync(join(folder, `${i}`), `${data}\n`, { mode: 0o644 })
    return `${zone}:${set}:${join(folder, `${i}`)}`
  })
  // It refuses to be root, and as another user it cannot say so.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody:nogroup'] : []
  await startPeer('rbldnsd', ['-n', '-f', '-b', `127.0.0.1/${port}`, ...user, ...sets])
  await answering(port, zones[0]!.zone)
  return { port }
}

/** There is no TCP port to try, so it is asked until it answers. */
async function answering(port: number, zone: string): Promise<void> {
  const socket = createSocket('udp4')
  let heard = false
  socket.on('message', () => {
    heard = true
  })
  socket.on('error', () => {})
  const query = new Packet()
  query.questions.push(new Packet.Question(zone, Packet.TYPE.A, Packet.CLASS.IN))
  for (let tries = 0; !heard; tries++) {
    if (tries > 500) throw new Error('rbldnsd does not answer')
    socket.send(query.toBuffer(), port, '127.0.0.1')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  socket.close()
}
