import type { Document } from '../../config/document.ts'
import { isSpecial } from '../../dns/special-addresses.ts'
import { type IpAddress, parseIp } from '../../mail/ip.ts'
import { type Finding, findings } from './finding.ts'
import { addressesOf, type Forward, failureOf, forwardText, leadsTo } from './forward.ts'
import { egressGreetings, leavesFromListeners } from './own-egress.ts'
import { type OwnSocket, ownSockets } from './own-sockets.ts'

/** A name that we greet with, and the public address at which we do. */
export type Greeting = { readonly address: IpAddress; readonly hostname: string }

export type Ours = {
  readonly greetings: readonly Greeting[]
  /** Public addresses that we listen on or send from. */
  readonly known: readonly IpAddress[]
  /** Those that we send from: the ones of pools; where mail does not leave from a pool, those that we listen on. */
  readonly senders: readonly IpAddress[]
  /** What an MX may name or lead to. */
  readonly names: ReadonlySet<string>
  readonly addresses: ReadonlySet<IpAddress>
  readonly findings: readonly Finding[]
  readonly assumed: readonly string[]
}

/**
 * The names whose addresses `oursOf` wants to know: those of greetings, and the document's, which is said in EHLO. None
 * where the internet reaches no listener: such a gateway may well have a name of the house alone.
 */
export function greetedNames(document: Pick<Document, 'hostname' | 'listeners' | 'egress'>): ReadonlySet<string> {
  const greeted = [
    ...ownSockets(document).flatMap((socket) => (socket.kind === 'inside' ? [] : [socket.hostname])),
    ...egressGreetings(document).map(({ hostname }) => hostname),
  ]
  return new Set(greeted.length > 0 ? [...greeted, document.hostname] : [])
}

/** Who we are by the document and, where it binds to every address, by what our names lead to. */
export function oursOf(
  document: Pick<Document, 'hostname' | 'listeners' | 'gateways' | 'egress'>,
  forwards: ReadonlyMap<string, Forward>,
): Ours {
  const sockets = ownSockets(document)
  const listened = sockets.flatMap((socket) => greetingsOf(socket, forwards.get(socket.hostname)))
  const sent = egressGreetings(document)
  const greetings = unique([...listened, ...sent])
  const senders = addressesIn(leavesFromListeners(document) ? [...sent, ...listened] : sent)
  const told = document.gateways.flatMap(({ addresses }) => addresses)
  const read = told.map(parseIp)
  return {
    greetings,
    known: addressesIn(greetings),
    senders,
    names: new Set([
      ...[document.hostname, ...document.listeners.map(({ hostname }) => hostname)].map((name) => name.toLowerCase()),
      ...told.filter((_, i) => !read[i]!.ok).map((name) => name.toLowerCase()),
    ]),
    addresses: new Set([...addressesIn(listened), ...read.flatMap((address) => (address.ok ? [address.value] : []))]),
    findings: [
      ...sockets.flatMap(skippedSocket),
      ...[...forwards].map(([name, forward]) => {
        const at = greetings.filter(({ hostname }) => hostname === name).map(({ address }) => address)
        // Said in EHLO alone, from whichever address mail goes out by.
        const isSaidAlone = at.length === 0 && name === document.hostname
        return hostFinding(name, forward, isSaidAlone ? senders : at)
      }),
    ],
    assumed: [
      ...new Set(sockets.flatMap((socket) => everyText(socket, listened))),
      senderText(senders, sent.length > 0),
    ],
  }
}

function greetingsOf(socket: OwnSocket, forward: Forward | undefined): readonly Greeting[] {
  const { hostname } = socket
  if (socket.kind === 'public') return [{ address: socket.address, hostname }]
  if (socket.kind === 'inside' || forward === undefined) return []
  return addressesOf(forward)
    .filter((address) => !isSpecial(address) && (socket.bind === '::' || !address.includes(':')))
    .map((address) => ({ address, hostname }))
}

const addressesIn = (greetings: readonly Greeting[]): readonly IpAddress[] => [
  ...new Set(greetings.map(({ address }) => address)),
]

function unique(greetings: readonly Greeting[]): readonly Greeting[] {
  return [...new Map(greetings.map((one) => [`${one.address} ${one.hostname}`, one])).values()]
}

function skippedSocket(socket: OwnSocket): readonly Finding[] {
  if (socket.kind !== 'inside') return []
  const finding = findings('reverse', `${socket.bind} (listener ${socket.listener})`, 'a public address')
  return [finding('skipped', 'an address of this machine or a private one, which the DNS of the internet cannot know')]
}

/** The name of a greeting or an EHLO has to exist, and to lead to where it is said (RFC 5321 §2.3.5, §4.1.1.1, §4.3.1). */
function hostFinding(name: string, forward: Forward, at: readonly IpAddress[]): Finding {
  const wanted = at.length > 0 ? at.join(' or ') : 'a public address that we listen on'
  const finding = findings('host', name, `a name with ${wanted}`)
  const leads = at.map((address) => leadsTo(forward, address))
  if (leads.includes(true)) return finding('ok', forwardText(forward))
  const failed = failureOf(forward)
  const found = addressesOf(forward)
  if (failed !== null && (found.length === 0 || at.length === 0 || leads.includes(null))) {
    return finding('cannot tell', failed)
  }
  // Behind an address translation a name leads elsewhere and is right.
  return finding(at.length > 0 && found.length > 0 ? 'warning' : 'problem', forwardText(forward))
}

function everyText(socket: OwnSocket, greetings: readonly Greeting[]): readonly string[] {
  if (socket.kind !== 'every') return []
  const at = greetings.filter(({ hostname }) => hostname === socket.hostname).map(({ address }) => address)
  const stand = at.length > 0 ? at.join(', ') : 'none that is public'
  return [
    `${socket.bind} is every address of the gateway: those of ${socket.hostname} in the DNS stand for it (${stand})`,
  ]
}

const senderText = (senders: readonly IpAddress[], hasPools: boolean): string =>
  senders.length === 0
    ? 'no public address that the gateway sends from is known'
    : `mail goes out from the public addresses ${hasPools ? 'of `egress`' : 'that the gateway listens on'} (${senders.join(', ')}); where a relay sends it on, the addresses of the relay have to be in SPF too`
