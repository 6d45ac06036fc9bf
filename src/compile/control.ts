import type { Document } from '../config/document.ts'
import type { Control } from '../graph/control.ts'
import { byCodeUnits } from '../graph/pattern.ts'

/** What no walk decides, by name and without places. Hosts of a relay keep their order: it is their preference. */
export function control(document: Document): Control {
  const { hostname, limits, timeouts, retry, resolver, mxPort } = document
  return {
    hostname,
    postmaster: document.postmaster.text,
    listeners: document.listeners
      .map(({ name, kind, bind, hostname, maxSizeBytes }) => ({ name, kind, bind, hostname, maxSizeBytes }))
      .sort((a, b) => byCodeUnits(a.name, b.name)),
    relays: document.relays
      .map(({ name, hosts, tls, auth, connections }) => ({ name, hosts, tls, auth, connections }))
      .sort((a, b) => byCodeUnits(a.name, b.name)),
    limits,
    timeouts,
    retry,
    resolver,
    mxPort,
  }
}
