import type { DnsblHealth } from '../../dns/dnsbl-health.ts'
import { type Finding, findings, type Level } from './finding.ts'

const levels: Readonly<Record<DnsblHealth['state'], Level>> = {
  healthy: 'ok',
  silent: 'problem',
  greedy: 'problem',
  unknown: 'cannot tell',
}

/** A list has the test entries of RFC 5782 §5: one that lost them lists nobody, or everybody. */
export const listFinding = (zone: string, { state, why }: DnsblHealth): Finding =>
  findings('dnsbl', zone, 'a list with 127.0.0.2 and without 127.0.0.1')(levels[state], why)
