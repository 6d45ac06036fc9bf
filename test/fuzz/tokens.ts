import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { isSignedBy, parseJws } from '../../src/credentials/oauth/jws.ts'
import { judgeClaims } from '../../src/credentials/oauth/token-claims.ts'
import type { FuzzTarget } from './target.ts'

// RFC 7515 A.3.
const example =
  'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ' +
  '.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q'
const key = createPublicKey({
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  },
  format: 'jwk',
})
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const settings = {
  kind: 'oauth',
  check: { kind: 'jwks', url: 'https://id.example.test/', algorithms: ['ES256'] },
  issuer: 'joe',
  audience: ['mail'],
  scopes: ['send'],
  claim: 'email',
  addressesClaim: 'others',
  skewMs: 0,
  ca: null,
} as const

/** Tokens: what a client says of itself. */
export const target: FuzzTarget = {
  seeds: [
    example,
    `${part({ alg: 'none' })}.${part({ iss: 'joe' })}.AA`,
    `${part({ alg: 'ES256', kid: 'x' })}.${part({ iss: 'joe', aud: ['mail'], scp: 'send', exp: 2e9, email: 'a', others: ['b'] })}.AA`,
  ].map((text) => Buffer.from(text)),
  words: ['.', '=', 'e30', 'bnVsbA', 'W10', part({ alg: 'RS256', crit: [] }), part({ exp: '1' }), part({ aud: {} })],
  once(input) {
    const text = input.toString('utf8')
    const jws = parseJws(text)
    if (!jws.ok) return
    // Base64 has several ways to write its last octet: what is signed are the octets as they came.
    if (isSignedBy(jws.value, key)) assert.ok(text.startsWith(example.slice(0, example.lastIndexOf('.'))), 'not forged')
    const { found, why } = judgeClaims(jws.value.claims, settings, null, Date.now(), ['exp', 'iss', 'aud'])
    assert.equal(found.kind === 'accepted', why === null, 'a refusal has its reason')
    assert.ok(why === null || why.length < 400, 'in few words')
    if (found.kind === 'accepted') assert.ok(found.login.length > 0 && !/[\r\n\0]/.test(found.login), 'a login')
  },
}
