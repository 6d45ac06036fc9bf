import { scrypt, timingSafeEqual } from 'node:crypto'
import type { ScryptCost, StoredPassword } from '../../mail/stored-password.ts'

/** 32 MiB and about a tenth of a second: what a login may cost, and guessing many may not. */
export const usualCost: ScryptCost = { log2n: 15, r: 8, p: 1 }

/** `$scrypt$ln=15,r=8,p=1$salt$hash`, base64 without padding: the form that other programs read too. */
export async function makeScrypt(password: string, salt: Buffer, cost: ScryptCost = usualCost): Promise<string> {
  const hash = await derive(password, salt, 32, cost)
  const { log2n, r, p } = cost
  return `$scrypt$ln=${log2n},r=${r},p=${p}$${bare(salt)}$${bare(hash)}`
}

export async function checkScrypt(
  { cost, salt, hash }: Extract<StoredPassword, { kind: 'scrypt' }>,
  password: string,
): Promise<boolean> {
  return timingSafeEqual(await derive(password, salt, hash.length, cost), hash)
}

function derive(password: string, salt: Buffer, bytes: number, { log2n, r, p }: ScryptCost): Promise<Buffer> {
  const options = { N: 2 ** log2n, r, p, maxmem: 128 * 2 ** log2n * r + 128 * r * p + 1024 * 1024 }
  return new Promise((resolve, reject) => {
    scrypt(password, salt, bytes, options, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}

const bare = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
