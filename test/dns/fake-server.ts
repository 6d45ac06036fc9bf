import { createSocket, type RemoteInfo } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import { Packet } from 'dns2'
import { onTestFinished } from 'vitest'
import type { ResolverSettings } from '../../src/mail/settings.ts'

export { Packet }
export const { Question, Resource } = Packet

/** One question as the fake server sees it. */
export type Asked = {
  readonly name: string
  readonly type: string
  readonly by: 'udp' | 'tcp'
  readonly edns: boolean
  readonly query: Packet
  /** Port that the question came from. */
  readonly from: number
  /** How often this name and type were asked before. */
  readonly nth: number
}

/** What to send: one message or several, in order; `null` is silence. */
export type Said = Packet | Buffer | null | readonly (Packet | Buffer)[]

export type FakeServer = {
  readonly port: number
  readonly asked: readonly Asked[]
  /** Settings of a resolver that asks this server alone, once, and patiently: the machine may be busy. */
  readonly settings: ResolverSettings
  /** Sends from the port that was asked, whenever. */
  sayHere(asked: Asked, message: Packet): void
  /** Sends to the resolver's latest port from a port that it did not ask. */
  sayFromElsewhere(asked: Asked, message: Packet): Promise<void>
  close(): Promise<void>
}

/** A name server over UDP and TCP on one loopback port that does whatever `say` says. Closed with the test. */
export async function fakeServer(say: (asked: Asked) => Said, host = '127.0.0.1'): Promise<FakeServer> {
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const tcp = createServer()
  const connections = new Set<Socket>()
  const asked: Asked[] = []

  const hear = (message: Buffer, by: 'udp' | 'tcp', from: number): readonly (Packet | Buffer)[] => {
    const query = Packet.parse(message)
    const { name, type: code } = query.questions[0]!
    const type = Packet.TYPE_NAME[code] ?? `TYPE${code}`
    const edns = query.additionals.some((record) => record.type === Packet.TYPE.EDNS)
    const nth = asked.filter((other) => other.name === name && other.type === type).length
    const one: Asked = { name, type, by, edns, query, from, nth }
    asked.push(one)
    const said = say(one)
    return said === null ? [] : Array.isArray(said) ? said : [said as Packet | Buffer]
  }

  udp.on('message', (message, { port, address }: RemoteInfo) => {
    for (const one of hear(message, 'udp', port)) udp.send(octets(one), port, address)
  })
  tcp.on('connection', (socket) => {
    connections.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => connections.delete(socket))
    void Packet.readStream(socket).then(
      (message) => {
        for (const one of hear(message, 'tcp', socket.remotePort!)) {
          const body = octets(one)
          const length = Buffer.alloc(2)
          length.writeUInt16BE(body.length)
          socket.write(Buffer.concat([length, body]))
        }
      },
      () => {},
    )
  })

  // The same port for both: whatever UDP gets may be taken for TCP, so it is tried until it is not.
  let port = 0
  for (let tries = 0; port === 0; tries++) {
    await new Promise<void>((resolve) => tcp.listen(0, host, resolve))
    const wanted = (tcp.address() as { port: number }).port
    const bound = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false))
      udp.bind(wanted, host, () => resolve(true))
    })
    if (bound) port = wanted
    else if (tries > 20) throw new Error('no port is free for UDP and TCP')
    else await new Promise((resolve) => tcp.close(resolve))
  }

  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    for (const socket of connections) socket.destroy()
    await Promise.all([
      new Promise<void>((resolve) => udp.close(() => resolve())),
      new Promise((resolve) => tcp.close(resolve)),
    ])
  }
  onTestFinished(close)

  return {
    port,
    asked,
    settings: { servers: [{ host, port }], timeoutMs: 15_000, attempts: 1 },
    sayHere: (one, message) => udp.send(octets(message), one.from, host),
    async sayFromElsewhere(one, message) {
      const other = createSocket('udp4')
      await new Promise<void>((resolve) => other.send(octets(message), one.from, host, () => resolve()))
      other.close()
    },
    close,
  }
}

const octets = (message: Packet | Buffer): Buffer => (Buffer.isBuffer(message) ? message : message.toBuffer())

type Section = readonly Partial<Packet['answers'][number]>[]

export type Contents = {
  readonly answers?: Section
  readonly authorities?: Section
  readonly header?: Record<string, number>
}

/** A reply to `query`. Records are of class IN and live for 300 s where they do not say otherwise. */
export function reply(
  { query }: Pick<Asked, 'query'>,
  { answers = [], authorities = [], header = {} }: Contents = {},
): Packet {
  const packet = Packet.createResponseFromRequest(query)
  Object.assign(packet.header, { ra: 1, ...header })
  const record = (one: Section[number]) => new Packet.Resource({ class: Packet.CLASS.IN, ttl: 300, ...one })
  packet.answers = answers.map(record)
  packet.authorities = authorities.map(record)
  return packet
}

const types = Packet.TYPE
export const a = (name: string, address: string, ttl = 300) => ({ name, type: types.A, address, ttl })
export const aaaa = (name: string, address: string, ttl = 300) => ({ name, type: types.AAAA, address, ttl })
export const mx = (name: string, priority: number, exchange: string, ttl = 300) => ({
  name,
  type: types.MX,
  priority,
  exchange,
  ttl,
})
export const txt = (name: string, ...data: string[]) => ({ name, type: types.TXT, data })
export const cname = (name: string, domain: string, ttl = 300) => ({ name, type: types.CNAME, domain, ttl })
export const ns = (name: string, server: string) => ({ name, type: types.NS, ns: server })
export const soa = (name: string, minimum = 60, ttl = 3600) => ({
  name,
  type: types.SOA,
  primary: `ns.${name}`,
  admin: `hostmaster.${name}`,
  serial: 1,
  refresh: 3600,
  retry: 600,
  expiration: 86_400,
  minimum,
  ttl,
})

export const nxdomain = (asked: Asked, zone = 'test', minimum = 60): Packet =>
  reply(asked, { authorities: [soa(zone, minimum)], header: { rcode: 3 } })
export const nodata = (asked: Asked, zone = 'test', minimum = 60): Packet =>
  reply(asked, { authorities: [soa(zone, minimum)] })
export const servfail = (asked: Asked): Packet => reply(asked, { header: { rcode: 2 } })
export const refused = (asked: Asked): Packet => reply(asked, { header: { rcode: 5 } })
