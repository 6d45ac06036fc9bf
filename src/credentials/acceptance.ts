import { ok, type Result, wrong } from '../mail/result.ts'
import type { Found } from './source.ts'

export type Accepted = Extract<Found, { kind: 'accepted' }>

const maxAddresses = 1000
const maxAddressOctets = 320

/**
 * What a program or an endpoint may say beside its yes: `{"login": "...", "addresses": ["..."]}`, both optional. Whatever
 * else it is, it is not understood, and so no yes.
 */
export function parseAcceptance(text: string, login: string): Result<Accepted> {
  const value = parseJson(text)
  return value.ok ? readAcceptance(value.value, login) : value
}

export function parseJson(text: string): Result<unknown> {
  try {
    return ok(JSON.parse(text) as unknown)
  } catch {
    return wrong('expected JSON')
  }
}

export function readAcceptance(value: unknown, login: string): Result<Accepted> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('expected a JSON object')
  const fields = new Map(Object.entries(value))
  const named = fields.get('login') ?? login
  if (!isLogin(named)) return wrong('expected a login of 1 to 255 octets')
  const addresses = readAddresses(fields.get('addresses') ?? [])
  if (addresses === null) return wrong(`expected addresses as a list of at most ${maxAddresses} texts`)
  return ok({ kind: 'accepted', login: named, addresses })
}

/** `null`: it is no list of addresses. */
export function readAddresses(value: unknown): readonly string[] | null {
  if (!Array.isArray(value) || value.length > maxAddresses) return null
  return value.every((one): one is string => typeof one === 'string' && one.length <= maxAddressOctets) ? value : null
}

export const isLogin = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && Buffer.byteLength(value, 'utf8') <= 255 && !/[\p{Cc}\p{Cf}]/u.test(value)
