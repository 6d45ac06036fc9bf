/**
 * The kinds of password hashes, told by how they begin. What is in clear text begins with none of these: a document or a
 * file with a password in it is refused, not hashed.
 *
 *   argon2id        $argon2id$v=19$m=65536,t=3,p=4$salt$hash
 *   scrypt          $scrypt$ln=15,r=8,p=1$salt$hash
 *   bcrypt          $2a$, $2b$, $2y$
 *   sha512-crypt    $6$
 *   sha256-crypt    $5$
 *   scram-sha-256   $scram-sha-256$iterations$salt$stored key$server key (RFC 5802 §3)
 */
export type HashKind = 'argon2id' | 'scrypt' | 'bcrypt' | 'sha512-crypt' | 'sha256-crypt' | 'scram-sha-256'

const beginnings: readonly (readonly [RegExp, HashKind])[] = [
  [/^\$argon2id\$/, 'argon2id'],
  [/^\$scrypt\$/, 'scrypt'],
  [/^\$2[aby]\$\d\d\$/, 'bcrypt'],
  [/^\$6\$/, 'sha512-crypt'],
  [/^\$5\$/, 'sha256-crypt'],
  [/^\$scram-sha-256\$/, 'scram-sha-256'],
]

/** `null`: no hash of a kind that is known here. */
export const hashKindOf = (text: string): HashKind | null =>
  /^[\x21-\x7e]{10,1024}$/.test(text) ? (beginnings.find(([start]) => start.test(text))?.[1] ?? null) : null
