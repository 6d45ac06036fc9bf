import type { Found } from './proof.ts'
import { findingAt, type Subject } from './prove-witness.ts'

/**
 * No password goes over a line that others can read. No listener of this version offers AUTH, so none takes one; what is
 * left are the passwords that this gateway sends to relays.
 */
export function authOnlyOverTls(subject: Subject): Found {
  const { relays } = subject.bundle.graph.control
  const bare = relays.filter(
    ({ auth, tls, hosts }) =>
      auth !== null && (tls === 'off' || tls === 'may') && !hosts.every(({ host }) => isLoopback(host)),
  )
  if (bare.length === 0) {
    const sends = relays.some(({ auth }) => auth !== null) ? ', and passwords go to relays over TLS alone' : ''
    return { verdict: 'PROVED', reason: `no listener offers AUTH: there is no login to protect${sends}` }
  }
  return {
    verdict: 'VIOLATED',
    reason: `the password of ${bare.map(({ name }) => `relay ${name}`).join(', ')} may go in clear text`,
    findings: bare.map(({ name, tls }) => findingAt(subject, `relays.${name}`, `sends a password with TLS ${tls}`)),
  }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
