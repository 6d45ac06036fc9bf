import type { Document } from '../../config/document.ts'
import { isSpecial } from '../../dns/special-addresses.ts'
import { type IpAddress, parseIp } from '../../mail/ip.ts'

/**
 * Where a listener listens: a public address; every address of the machine, of IPv4 alone or of both families; or what
 * the internet does not reach.
 */
export type OwnSocket = { readonly listener: string; readonly hostname: string } & (
  | { readonly kind: 'public'; readonly address: IpAddress }
  | { readonly kind: 'every'; readonly bind: '0.0.0.0' | '::' }
  | { readonly kind: 'inside'; readonly bind: string }
)

/** The addresses of the document's listeners, each once for a listener, whatever its ports. */
export function ownSockets({ listeners }: Pick<Document, 'listeners'>): readonly OwnSocket[] {
  return listeners.flatMap(({ name, hostname, bind }) =>
    [...new Set(bind.map(({ host }) => host))].map((host) => socketOf(name, hostname, host)),
  )
}

function socketOf(listener: string, hostname: string, host: string): OwnSocket {
  if (host === '0.0.0.0' || host === '::') return { listener, hostname, kind: 'every', bind: host }
  const address = parseIp(host)
  // What is no address is `localhost`.
  if (!address.ok || isSpecial(address.value)) return { listener, hostname, kind: 'inside', bind: host }
  return { listener, hostname, kind: 'public', address: address.value }
}
