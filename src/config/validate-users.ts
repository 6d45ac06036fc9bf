import { hashKindOf } from '../mail/password-hash.ts'
import type { UserSettings } from '../mail/settings.ts'
import { parseStored } from '../mail/stored-password.ts'
import type { Rows } from './define.ts'
import type { User } from './define-line.ts'
import { mailboxKey, type Reading, read, readDomain, readMailbox, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { listOf, type Placed, take, twice, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { items, pairs, tellEmpty } from './validate-rows.ts'

/** Users in the document. Logins are compared without case: two that differ in it alone would be one. */
export function users(report: Report, section: Rows<User>, path: DocPath, hasKey: boolean): readonly UserSettings[] {
  const list: UserSettings[] = []
  const seen = new Map<string, Spot>()
  let rows = 0
  for (const pair of pairs(report, section, path, ['login', 'hash'])) {
    rows++
    const login = take(report, 'MG1328', pair.keySpot, readLogin(pair.key))
    if (login === null) continue
    const first = seen.get(login)
    if (first === undefined) seen.set(login, pair.keySpot)
    else twice(report, pair.keySpot, pair.key, first)
    const user = userOf(report, pair.value as User, pair.path, pair.valueSpot, hasKey)
    if (user !== null) list.push({ login, ...user })
  }
  if (rows === 0) tellEmpty(report, path)
  return list.sort((a, b) => (a.login < b.login ? -1 : 1))
}

function userOf(
  report: Report,
  written: User,
  path: DocPath,
  spot: Spot,
  hasKey: boolean,
): Omit<UserSettings, 'login'> | null {
  const { hash, cram, addresses } = typeof written === 'string' ? { hash: written } : written
  const inside = (key: string): Spot => (typeof written === 'string' ? spot : { kind: 'value', path: [...path, key] })
  if (hash === undefined && cram === undefined) {
    report.error('MG1202', spot, 'expected hash (or cram), got neither', {
      hint: 'mailgw passwd prints the hash of a password',
    })
    return null
  }
  if (cram !== undefined && !hasKey) {
    report.error('MG1202', inside('cram'), 'expected cramKey beside users, with which it is encrypted, got nothing')
  }
  return {
    hash: hash === undefined ? null : take(report, 'MG1324', inside('hash'), readHash(hash)),
    cram: cram === undefined ? null : take(report, 'MG1324', inside('cram'), readCram(cram)),
    addresses: addresses === undefined ? [] : values(addressesAt(report, addresses, [...path, 'addresses'])),
  }
}

const addressesAt = (report: Report, value: unknown, path: DocPath): Placed<string>[] =>
  listOf(report, items(report, value, path, 'sender'), 'MG1302', readAddress, (text) => text)

/** A mailbox, or `*@domain` for all of that domain: whoever may send as a domain and all below it says so twice. */
function readAddress(text: string): Reading<string> {
  const expected = 'an address that may be used: user@a.example, or *@a.example for all of a domain'
  if (text.startsWith('*@')) {
    const domain = readDomain(text.slice(2))
    return domain.ok ? read(`*@${domain.value}`) : unread(expected, text)
  }
  const mailbox = readMailbox(text)
  return mailbox.ok ? read(mailboxKey(mailbox.value)) : unread(expected, text)
}

/** Folded, as what a client says is (RFC 4013): logins are compared without case. `:` divides the lines of user files and the fields of some back-ends. */
export function readLogin(text: string): Reading<string> {
  const folded = text.normalize('NFKC').toLowerCase()
  const isLogin = /^[^\x00-\x20\x7f-\xa0:*]+$/.test(folded) && Buffer.byteLength(folded) <= 255
  return isLogin ? read(folded) : unread('a login without blanks, ":" and "*", such as ann@corp.example', text)
}

// What came is perhaps the password itself: it is not repeated.
const hidden = (expected: string): Reading<never> => ({
  ok: false,
  error: `expected ${expected}, got another text (not shown)`,
  hint: 'mailgw passwd prints it',
})

/** Also one that costs too much, or has lost its end: nobody could log in by it, and nobody would know why. */
function readHash(text: string): Reading<string> {
  if (hashKindOf(text) === null) {
    return hidden('the hash of a password, which begins with $scrypt$, $argon2id$, $2b$, $6$, $5$ or $scram-sha-256$')
  }
  const stored = parseStored(text)
  return stored.ok ? read(text) : { ok: false, error: stored.error, hint: 'mailgw passwd prints a hash' }
}

const readCram = (text: string): Reading<string> =>
  /^\$aes-256-gcm\$[A-Za-z0-9+/=_-]+\$[A-Za-z0-9+/=_-]+$/.test(text) && text.length <= 1024
    ? read(text)
    : hidden('an encrypted password, which begins with $aes-256-gcm$')
