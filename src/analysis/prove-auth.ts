import type { Leaf } from '../graph/graph.ts'
import type { Found } from './proof.ts'
import { question } from './prove-question.ts'
import { type Member, type Region, spaceOf } from './prove-space.ts'
import { refuses, walk } from './prove-walk.ts'
import { findingAt, type Subject, witnessOf } from './prove-witness.ts'

/**
 * No password goes over a line that others can read: nobody may log in over a line in the clear, but from private
 * networks that the document names for it, and no relay is sent a password in the clear.
 */
export function authOnlyOverTls(subject: Subject): Found {
  const { listeners, relays } = subject.bundle.graph.control
  const taken = loginsInClear(subject)
  if (taken !== null && taken.verdict === 'VIOLATED') return taken
  const bare = relays.filter(
    ({ auth, tls, hosts }) =>
      auth !== null && (tls === 'off' || tls === 'may') && !hosts.every(({ host }) => isLoopback(host)),
  )
  if (bare.length > 0)
    return {
      verdict: 'VIOLATED',
      reason: `the password of ${bare.map(({ name }) => `relay ${name}`).join(', ')} may go in clear text`,
      findings: bare.map(({ name, tls }) => findingAt(subject, `relays.${name}`, `sends a password with TLS ${tls}`)),
    }
  const offers = listeners.some(({ login }) => login !== undefined)
  const takes = offers
    ? 'nobody may log in over a line in the clear'
    : 'no listener offers AUTH: there is no login to protect'
  const sends = relays.some(({ auth }) => auth !== null) ? ', and passwords go to relays over TLS alone' : ''
  if (taken === null) return { verdict: 'PROVED', reason: `${takes}${sends}` }
  return { ...taken, reason: `${taken.reason}${sends}` }
}

/** Addresses that no stranger has, and that no line in public carries: of one's own networks and of this host. */
const ownNetworks: Member = {
  dimension: 'client',
  patterns: [
    ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16', '127.0.0.0/8'],
    ...['::1/128', 'fc00::/7', 'fe80::/10'],
  ].map((network) => [network, true] as const),
}

/** `null`: nobody may log in over a line in the clear. */
function loginsInClear(subject: Subject): Found | null {
  const { graph } = subject.bundle
  const meaning = (leaf: Leaf): string => (leaf.kind === 'refuse' ? refuses : 'goes')
  const space = spaceOf(question(graph, meaning), [ownNetworks])
  const { everything, unsaid } = space
  const clear: Region = {
    ...everything,
    tls: [0],
    login: everything.login.filter((state) => state !== unsaid.login),
  }
  const parts = [false, true].map((isOwn) => ({
    ...clear,
    client: clear.client.filter((state) => space.isIn(0, state) === isOwn),
  }))
  const mayLogIn = (from: Region): Region | null => {
    if (from.login.length === 0 || from.client.length === 0) return null
    let found: Region | null = null
    walk(space, from, {
      passing(_, region, stage) {
        if (stage === 'mail') found ??= region
      },
    })
    return found
  }
  const stranger = mayLogIn(parts[0]!)
  if (stranger !== null) {
    const isAllowed = ({ behaviour }: Parameters<Parameters<typeof witnessOf>[3]>[0]) =>
      behaviour.kind === 'accepted' || !['connect', 'helo', 'auth'].includes(behaviour.stage)
    const witness = witnessOf(subject, space, stranger, isAllowed)
    const { client, listener } = witness.message
    return {
      verdict: 'VIOLATED',
      reason: `${client} may log in at listener ${listener} without TLS: others can read the password on its way`,
      // What becomes of the mail is beside the point.
      witness: { ...witness, deciders: witness.deciders.filter(({ stage }) => stage === 'auth') },
      findings: [findingAt(subject, `listeners.${listener}.login`, 'takes passwords over a line in the clear')],
    }
  }
  if (mayLogIn(parts[1]!) === null) return null
  const networks = graph.control.listeners.flatMap(({ login }) => login?.clearTextFrom ?? [])
  const names = [...new Set(networks)].join(', ')
  return {
    verdict: 'PROVED-IF',
    reason: `nobody may log in over a line in the clear but from ${names}`,
    assumes: [`nobody listens to what is said in ${names}: passwords from there go in clear text`],
  }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
