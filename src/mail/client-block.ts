import { type IpAddress, ipBytes, ipFromBytes } from './ip.ts'

/** One client as it is counted: an IPv4 address, or `2001:db8:0:1::/64`, as one IPv6 client has a /64 to choose from. */
export type ClientBlock = string & { readonly __brand: 'ClientBlock' }

const v6Bytes = 8

export function clientBlock(client: IpAddress): ClientBlock {
  if (!client.includes(':')) return client as string as ClientBlock
  return `${ipFromBytes(ipBytes(client).fill(0, v6Bytes))}/64` as ClientBlock
}

/** For text that was a block when it was stored. */
export const storedBlock = (text: string): ClientBlock => text as ClientBlock
