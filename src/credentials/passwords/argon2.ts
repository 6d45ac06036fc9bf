import { createRequire } from 'node:module'

/** What is used of the package `@node-rs/argon2`; its own choice of algorithm is argon2id. */
export type Argon2 = {
  verify(hash: string, password: string): Promise<boolean>
  hash(
    password: string,
    options: { readonly memoryCost: number; readonly timeCost: number; readonly parallelism: number },
  ): Promise<string>
}

let loaded: Argon2 | null = null

/** Installed by whoever has hashes of argon2id, loaded when a hash asks for it. Throws what to do where it is missing. */
export function argon2(): Argon2 {
  loaded ??= loadArgon2(createRequire(import.meta.url))
  return loaded
}

export function loadArgon2(require: (name: string) => unknown): Argon2 {
  try {
    return require('@node-rs/argon2') as Argon2
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    throw new Error('hashes of argon2id need a package: npm install @node-rs/argon2@2.2.1', { cause: error })
  }
}
