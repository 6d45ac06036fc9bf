import { createRequire } from 'node:module'

/** What is used of the package `bcrypt`: native code that runs on Node's own threads. */
export type Bcrypt = {
  compare(password: string, hash: string): Promise<boolean>
  hash(password: string, cost: number): Promise<string>
}

/** bcrypt looks at 72 octets and at no more: two longer passwords would be the same. */
export const maxBcryptOctets = 72

let loaded: Bcrypt | null = null

/** Loaded when a hash asks for it. */
export function bcrypt(): Bcrypt {
  loaded ??= createRequire(import.meta.url)('bcrypt') as Bcrypt
  return loaded
}
