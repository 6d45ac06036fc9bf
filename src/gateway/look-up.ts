import type { Resolver } from '../dns/answer.ts'
import type { IpAddress } from '../mail/ip.ts'

/** Addresses of a host that the document names, by the gateway's own resolver. Rejects with the reason. */
export const addressLookUp =
  (resolver: Pick<Resolver, 'addresses'>) =>
  async (host: string): Promise<readonly IpAddress[]> => {
    const answer = await resolver.addresses(host)
    if (answer.kind === 'found') return answer.value
    throw new Error(answer.kind === 'none' ? `${host} has no address` : `${host} was not found out: ${answer.why}`)
  }
