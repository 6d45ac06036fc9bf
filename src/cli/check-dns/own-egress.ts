import type { Document } from '../../config/document.ts'
import { isSpecial } from '../../dns/special-addresses.ts'
import { parseIp } from '../../mail/ip.ts'
import { defaultPool } from '../../mail/next-hop-settings.ts'
import type { Greeting } from './ours.ts'

/** The public addresses that pools send from, each with the name that is said in EHLO there. */
export function egressGreetings({ egress = [], hostname }: Pick<Document, 'egress' | 'hostname'>): readonly Greeting[] {
  return egress.flatMap((pool) =>
    pool.addresses.flatMap((one) => {
      const address = parseIp(one.address)
      if (!address.ok || isSpecial(address.value)) return []
      return [{ address: address.value, hostname: one.hostname ?? pool.hostname ?? hostname }]
    }),
  )
}

/** Whether mail may leave from the addresses of listeners too: without a pool of its own, or back the way that it came. */
export function leavesFromListeners({ egress = [] }: Pick<Document, 'egress'>): boolean {
  const usual = egress.find(({ name }) => name === defaultPool)
  return usual === undefined || usual.addresses.length === 0 || egress.some((pool) => pool.sameAsListener !== undefined)
}
