import type { Domain } from './domain.ts'
import { type Mailbox, parseMailbox, parseMailDomain } from './path.ts'

/**
 * Addresses and what they become, as a graph holds it. A pattern is `user@domain`, `domain`, `*.suffix` or `*`, the most
 * specific of which counts; what it becomes is a mailbox, or a domain: then the local part stays.
 */
export type RewriteRow = readonly [pattern: string, to: string]

export type RewriteSettings = {
  /** Of the reverse-path, and of the fields of a header that say who sends. */
  readonly senders?: readonly RewriteRow[]
  /** Of the fields of a header that say who receives; towards a next hop of the forward-path too. */
  readonly recipients?: readonly RewriteRow[]
  /** Of both. */
  readonly addresses?: readonly RewriteRow[]
  /** Patterns of addresses that stay. */
  readonly except?: readonly string[]
  /** The header stays as it is. */
  readonly header?: 'off'
}

/** A rewriting that clients have, by the path of its section: `rewrite`, `clients.printers.rewrite`. */
export type NamedRewriting = { readonly name: string } & RewriteSettings

/** A local part is compared without case (as in the tables of a graph). */
const fold = (localPart: string): string => localPart.toLowerCase().normalize('NFC')

type Target = { readonly mailbox: Mailbox } | { readonly domain: Domain }

/** Rows as they are asked: most specific first, and one look-up for each level. */
export class AddressMap {
  private readonly rows = new Map<string, Target | 'stays'>()

  constructor(rows: Iterable<RewriteRow>, except: Iterable<string> = []) {
    for (const [pattern, to] of rows) {
      const domain = parseMailDomain(to)
      const mailbox = domain.ok ? null : parseMailbox(to)
      if (domain.ok) this.rows.set(pattern, { domain: domain.value })
      else if (mailbox?.ok) this.rows.set(pattern, { mailbox: mailbox.value })
    }
    for (const pattern of except) this.rows.set(pattern, 'stays')
  }

  get isEmpty(): boolean {
    return this.rows.size === 0
  }

  /** The pattern that counts for a mailbox, or `null`. */
  patternFor({ localPart, domain }: Mailbox): string | null {
    const exact = `${fold(localPart)}@${domain}`
    if (this.rows.has(exact)) return exact
    if (this.rows.has(domain)) return domain
    for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
      const suffix = `*${domain.slice(dot)}`
      if (this.rows.has(suffix)) return suffix
    }
    return this.rows.has('*') ? '*' : null
  }

  /** What becomes of it; `null`: it stays. Also where the new one would be too long to be a path. */
  rewritten(mailbox: Mailbox): Mailbox | null {
    const pattern = this.patternFor(mailbox)
    const target = pattern === null ? 'stays' : this.rows.get(pattern)!
    if (target === 'stays') return null
    const text =
      'mailbox' in target
        ? target.mailbox.text
        : `${mailbox.text.slice(0, mailbox.text.lastIndexOf('@'))}@${target.domain}`
    if (text === mailbox.text) return null
    const parsed = parseMailbox(text)
    return parsed.ok ? parsed.value : null
  }
}

/** Rows of both kinds, once each: what a kind says itself goes before `addresses`. */
const rowsOf = (own: readonly RewriteRow[] = [], both: readonly RewriteRow[] = []): RewriteRow[] => [...both, ...own]

/** The rows of one section, ready to be asked. */
export class Rewriting {
  readonly senders: AddressMap
  readonly recipients: AddressMap
  readonly header: boolean

  constructor({ senders, recipients, addresses, except, header }: RewriteSettings) {
    this.senders = new AddressMap(rowsOf(senders, addresses), except)
    this.recipients = new AddressMap(rowsOf(recipients, addresses), except)
    this.header = header !== 'off'
  }
}

const known = new WeakMap<RewriteSettings, Rewriting>()

/** Made once for each section of a graph. */
export function rewritingOf(settings: RewriteSettings): Rewriting {
  let rewriting = known.get(settings)
  if (rewriting === undefined) {
    rewriting = new Rewriting(settings)
    known.set(settings, rewriting)
  }
  return rewriting
}
