import type { HashKind } from '../../mail/password-hash.ts'
import { assertNever } from '../../mail/result.ts'
import { argon2 } from './argon2.ts'
import { bcrypt } from './bcrypt.ts'
import { makeScram } from './scram-keys.ts'
import { makeScrypt } from './scrypt.ts'

/** The kinds that are made here. sha512-crypt and sha256-crypt are only read: they cost an attacker too little. */
export const madeKinds = ['scrypt', 'scram-sha-256', 'argon2id', 'bcrypt'] as const satisfies readonly HashKind[]
export type MadeKind = (typeof madeKinds)[number]

/** A hash of `password`, which was prepared before (`mail/sasl-prep.ts`). Throws when a package that the kind needs is missing. */
export async function makeHash(kind: MadeKind, password: string, random: (bytes: number) => Buffer): Promise<string> {
  switch (kind) {
    case 'scrypt':
      return await makeScrypt(password, random(16))
    case 'scram-sha-256':
      return await makeScram(password, random(16))
    case 'argon2id':
      return await argon2().hash(password, { memoryCost: 65_536, timeCost: 3, parallelism: 4 })
    case 'bcrypt':
      return await bcrypt().hash(password, 12)
    default:
      return assertNever(kind)
  }
}
