import type { BySender, ClientEntry, DenyRule, Document, DomainEntry, Target } from '../../src/config/document.ts'
import type { Facts } from '../../src/graph/evaluator.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import type { Mailbox } from '../../src/mail/path.ts'

/**
 * What a document says, read straight from its words: no graph, no table, no hash, nothing shared with the compiler. Slow
 * on purpose. An answer is one line, such as `refuse 550 5.7.1 relaying`, `next`, `expand a@b c@d`, `hosts one:26`.
 */
export type Oracles = (id: string) => Outcome

const fold = (localPart: string) => localPart.toLowerCase()
const keyOf = (mailbox: Mailbox) => `${fold(mailbox.localPart)}@${mailbox.domain}`

/** How specific a pattern's match is; `null`: no match. */
function domainMatch(pattern: string, domain: string): number | null {
  if (pattern === '*') return 0
  if (pattern.startsWith('*.')) return domain.endsWith(`.${pattern.slice(2)}`) ? pattern.length : null
  return pattern === domain ? 1000 : null
}

function addressMatch(pattern: string, path: Mailbox | null): number | null {
  if (path === null) return pattern === '<>' ? 2000 : null
  if (pattern === '<>') return null
  if (!pattern.includes('@')) return domainMatch(pattern, path.domain)
  return pattern.toLowerCase() === keyOf(path) ? 2000 : null
}

/** An address as a text of bits, `4` or `6` in front, so that a prefix is a prefix. */
function bits(address: string): string {
  if (!address.includes(':'))
    return `4${address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('')}`
  const [left = '', right] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const before = groups(left)
  const after = groups(right ?? '')
  const zeros = right === undefined ? [] : Array(8 - before.length - after.length).fill('0')
  return `6${[...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('')}`
}

function networkMatch(network: string, address: string): number | null {
  const [base = '', length] = network.split('/')
  return bits(address).startsWith(bits(base).slice(0, 1 + Number(length))) ? Number(length) : null
}

function best<T>(rows: readonly T[], match: (row: T) => number | null): T | null {
  let found: T | null = null
  let rank = -1
  for (const row of rows) {
    const own = match(row)
    if (own !== null && own > rank) {
      found = row
      rank = own
    }
  }
  return found
}

const refuse = (code: number, status: string, at: string) => `refuse ${code} ${status} ${at}`

export function read(document: Document, facts: Facts, oracles: Oracles) {
  const ours = (domain: string): DomainEntry | null =>
    best(document.domains, (entry) => domainMatch(entry.pattern, domain))
  const client = clientOf(document, facts)

  const line = document.listeners.find(({ name }) => name === facts.listener)
  const isFrom = (networks: readonly string[]) => networks.some((one) => networkMatch(one, facts.client) !== null)

  /** What the listener itself wants of whoever connects, logs in or sends. */
  function shut(): string | null {
    const { allowFrom, at } = line ?? {}
    return allowFrom === undefined || isFrom(allowFrom) ? null : refuse(554, '5.7.1', `${at}.allowFrom`)
  }
  function noLogin(): string | null {
    if (document.listeners.every(({ login }) => login === undefined)) return null
    const { login, tls, at } = line ?? {}
    if (login === undefined) return refuse(502, '5.5.1', 'listeners')
    const encrypted = tls !== undefined && facts.tls
    return encrypted || isFrom(login.clearTextFrom) ? null : refuse(538, '5.7.11', `${at}.login`)
  }
  function demanded(): string | null {
    const { login, tls, at } = line ?? {}
    if (tls !== undefined && tls.mode !== 'offered' && !facts.tls) return refuse(530, '5.7.0', `${at}.tls`)
    return login?.required === true && facts.login === null ? refuse(530, '5.7.0', `${at}.login`) : null
  }

  function denied(stage: string): string | null {
    for (const rule of document.deny) {
      if (rule.mode === 'observe' || stageOf(rule) !== stage || !holds(rule, facts)) continue
      const { code, status } = rule.then
      const said = stage !== 'connect' || code === 521 ? code : code < 500 ? 421 : 554
      return refuse(said, status, rule.at)
    }
    return null
  }

  function size(): string | null {
    if (facts.sizeBytes === null) return null
    const listener = document.listeners.find(({ name }) => name === facts.listener)
    const limit = listener?.maxSizeBytes ?? document.limits.maxSizeBytes
    const own = client?.maxSizeBytes ?? Number.POSITIVE_INFINITY
    if (facts.sizeBytes <= Math.min(limit, own)) return null
    return refuse(552, '5.3.4', `${own < limit ? client!.at : (listener?.at ?? 'limits')}.maxSize`)
  }

  const exists = (entry: DomainEntry, mailbox: Mailbox) =>
    entry.recipients === null || entry.recipients.some(({ localPart }) => fold(localPart) === fold(mailbox.localPart))
  const isRole = (mailbox: Mailbox) => ['postmaster', 'abuse'].includes(fold(mailbox.localPart))

  /** Where mail for a mailbox ends. */
  function finals(mailbox: Mailbox): Mailbox[] {
    const own = document.aliases.find((row) => keyOf(row.alias) === keyOf(mailbox))
    if (own !== undefined) return unique(own.to.flatMap(finals))
    const entry = ours(mailbox.domain)
    if (entry === null || keyOf(mailbox) === keyOf(document.postmaster)) return [mailbox]
    const isListed = entry.recipients !== null && exists(entry, mailbox)
    if (isRole(mailbox) && !isListed && !(entry.kind === 'relay' && entry.recipients === null))
      return finals(document.postmaster)
    if (exists(entry, mailbox)) return [mailbox]
    if (entry.unknown.kind !== 'catch-all') throw new Error('a compiled document has no such mailbox')
    return finals(entry.unknown.to)
  }

  function existence(mailbox: Mailbox): string {
    if (document.aliases.some((row) => keyOf(row.alias) === keyOf(mailbox)))
      return `expand ${finals(mailbox)
        .map(({ text }) => text)
        .join(' ')}`
    const entry = ours(mailbox.domain)
    if (entry === null || exists(entry, mailbox) || keyOf(mailbox) === keyOf(document.postmaster)) return 'next'
    if (entry.unknown.kind === 'reject') return refuse(550, '5.1.1', entry.at)
    if (entry.unknown.kind === 'park') return 'park'
    return `expand ${finals(entry.unknown.to)
      .map(({ text }) => text)
      .join(' ')}`
  }

  function rcpt(): string {
    const recipient = facts.recipient!
    const entry = ours(recipient.domain)
    if (isRole(recipient) && (entry !== null || recipient.domain === document.hostname)) {
      const aliased = entry !== null && document.aliases.some((row) => keyOf(row.alias) === keyOf(recipient))
      const isListed =
        entry?.recipients?.some(({ localPart }) => fold(localPart) === fold(recipient.localPart)) === true
      if (aliased)
        return `expand ${finals(recipient)
          .map(({ text }) => text)
          .join(' ')}`
      if (isListed && (recipient.domain !== document.hostname || entry!.pattern === document.hostname)) return 'next'
      const isElsewhere = entry?.kind === 'relay' && entry.recipients === null && recipient.domain !== document.hostname
      return isElsewhere
        ? 'next'
        : `expand ${finals(document.postmaster)
            .map(({ text }) => text)
            .join(' ')}`
    }
    const rule = denied('rcpt')
    if (rule !== null) return rule
    if (client?.recipients && !client.recipients.some((pattern) => addressMatch(pattern, recipient) !== null)) {
      return refuse(550, '5.7.1', `${client.at}.recipients`)
    }
    const from = client?.internal ? 'internal' : 'external'
    const to = entry !== null ? 'local' : 'remote'
    const allowed = {
      'local-only': ['internal local'],
      outbound: ['internal local', 'internal remote'],
      'two-way': ['internal local', 'internal remote', 'external local'],
      open: ['internal local', 'internal remote', 'external local', 'external remote'],
    }[document.relaying.kind]
    if (!allowed.includes(`${from} ${to}`)) return refuse(550, '5.7.1', document.relaying.at)
    if (from === 'external') {
      const kind = document.listeners.find(({ name }) => name === facts.listener)?.kind
      const lists = document.dnsbl.filter(({ listeners }) =>
        listeners === null ? kind === 'mx' : listeners.includes(facts.listener) && kind !== undefined,
      )
      let sum = 0
      let isSettled = false
      for (const [i, { id, at, onListed, onError, mode, weight, kind }] of lists.entries()) {
        const more = lists.slice(i).reduce((total, one) => total + (one.kind === 'allow' ? 0 : (one.weight ?? 0)), 0)
        if (weight !== undefined && (isSettled || sum + more < (document.dnsblThreshold ?? 0))) continue
        const outcome = oracles(id)
        if (outcome === 'error' && onError === 'defer' && mode !== 'observe') return refuse(451, '4.7.1', at)
        if (outcome !== 'listed' || mode === 'observe') continue
        if (kind === 'allow' && weight === undefined) break
        if (kind === 'allow') sum -= weight!
        else if (weight !== undefined) sum += weight
        if (kind === 'allow' || (weight !== undefined && sum < document.dnsblThreshold!)) continue
        if (weight !== undefined) isSettled = true
        if ('code' in onListed) return refuse(onListed.code, `${String(onListed.code)[0]}.7.1`, at)
      }
    }
    return existence(recipient)
  }

  /** The null sender, and one that is not known, go the way of `*`, unless a row names it; the recipient's row decides. */
  function bySender({ rows }: BySender, at: string) {
    const { sender } = facts
    const named = sender === undefined ? null : best(rows, ({ pattern }) => addressMatch(pattern, sender))
    return named ?? { at, target: rows.find(({ pattern }) => pattern === '*')!.target }
  }

  function route(): string {
    const recipient = facts.recipient!
    const entry = ours(recipient.domain)
    if (
      entry !== null &&
      entry.unknown.kind === 'park' &&
      !exists(entry, recipient) &&
      keyOf(recipient) !== keyOf(document.postmaster)
    )
      return 'hold unknown recipient'
    const implied = document.domains
      .filter(({ kind, pattern }) => kind === 'local' && !document.localMx.some((row) => row.pattern === pattern))
      .map(({ pattern }) => ({ pattern, at: '', target: { kind: 'deliver', dir: 'mail' } as Target }))
    const row = best([...document.localMx, ...implied], ({ pattern }) => domainMatch(pattern, recipient.domain))
    if (row === null) return refuse(550, '5.1.2', 'localMx')
    const { target, at } =
      row.target.kind === 'by-sender' ? bySender(row.target, row.at) : { ...row, target: row.target }
    switch (target.kind) {
      case 'relay':
        return `relay ${target.relay}`
      case 'hosts':
        return `hosts ${target.hosts.map(({ host, port }) => `${host}:${port}`).join(' ')}`
      case 'mx':
        return `mx ${target.tls}`
      case 'deliver':
        return `deliver ${target.dir}`
      case 'hold':
        return `hold ${target.reason}`
      case 'discard':
        return 'discard'
      case 'reject':
        return refuse(target.code, target.status, at)
    }
  }

  return {
    connect: () => shut() ?? denied('connect') ?? 'next',
    auth: () => noLogin() ?? 'next',
    helo: () => denied('helo') ?? 'next',
    mail: () => {
      const demand = demanded()
      if (demand !== null) return demand
      if (client?.tls === 'required' && !facts.tls) return refuse(530, '5.7.0', `${client.at}.tls`)
      const rule = denied('mail')
      if (rule !== null) return rule
      const { sender } = facts
      const senders = client?.senders
      if (
        Array.isArray(senders) &&
        sender !== null &&
        (sender === undefined || !senders.some((pattern) => addressMatch(pattern, sender) !== null))
      ) {
        return refuse(550, '5.7.1', `${client!.at}.senders`)
      }
      return size() ?? 'next'
    },
    rcpt,
    data: () =>
      denied('data') ??
      size() ??
      ((facts.hops ?? 0) > document.limits.maxHops ? refuse(554, '5.4.6', 'limits.maxHops') : 'next'),
    route,
    destination: () => denied('destination') ?? 'next',
  }
}

function loginMatch(pattern: string, login: string): number | null {
  if (pattern === '*') return 0
  if (pattern.startsWith('*@')) return login.includes('@') && login.split('@').at(-1) === pattern.slice(2) ? 1 : null
  return pattern === login ? 2 : null
}

function heloMatch(pattern: string, helo: string): number | null {
  return pattern === '*' ? 0 : domainMatch(pattern, helo.toLowerCase().replace(/\.$/, ''))
}

function clientOf(document: Document, { client: address, login, certificate }: Facts): ClientEntry | null {
  const byLogin = document.clients.flatMap((client) => (client.logins ?? []).map(({ login }) => ({ client, login })))
  const named = login === null ? null : best(byLogin, (row) => loginMatch(row.login, login))
  if (named !== null) return named.client
  const byCertificate = document.clients.flatMap((client) =>
    (client.certificates ?? []).map(({ certificate }) => ({ client, certificate })),
  )
  const shown = certificate === null ? null : best(byCertificate, (row) => loginMatch(row.certificate, certificate))
  if (shown !== null) return shown.client
  const rows = document.clients.flatMap((client) => client.networks.map(({ network }) => ({ client, network })))
  return best(rows, ({ network }) => networkMatch(network, address))?.client ?? null
}

function stageOf({ when }: DenyRule): string {
  if (when.destination) return 'destination'
  if (when.sizeOverBytes !== null) return 'data'
  if (when.recipient) return 'rcpt'
  if (when.sender || when.logins || when.tls) return 'mail'
  return when.helo ? 'helo' : 'connect'
}

function holds({ when }: DenyRule, facts: Facts): boolean {
  const { sender, recipient, destination, helo, login } = facts
  if (when.tls === 'none' && facts.tls) return false
  if (when.helo && (helo === null || !when.helo.some((pattern) => heloMatch(pattern, helo) !== null))) return false
  if (when.logins && (login === null || !when.logins.some((pattern) => loginMatch(pattern, login) !== null)))
    return false
  if (when.listeners && !when.listeners.includes(facts.listener)) return false
  if (when.client && !when.client.some((network) => networkMatch(network, facts.client) !== null)) return false
  if (when.sender && (sender === undefined || !when.sender.some((pattern) => addressMatch(pattern, sender) !== null)))
    return false
  if (
    when.recipient &&
    (recipient === null || !when.recipient.some((pattern) => addressMatch(pattern, recipient) !== null))
  )
    return false
  if (
    when.destination &&
    (destination === null || !when.destination.some((network) => networkMatch(network, destination) !== null))
  )
    return false
  return when.sizeOverBytes === null || (facts.sizeBytes !== null && facts.sizeBytes > when.sizeOverBytes)
}

function unique(mailboxes: readonly Mailbox[]): Mailbox[] {
  const seen = new Set<string>()
  return mailboxes.filter((mailbox) => !seen.has(keyOf(mailbox)) && seen.add(keyOf(mailbox)))
}
