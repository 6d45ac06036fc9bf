import { type Mailbox, parseMailbox } from '../../mail/path.ts'

/** Where a domain wants reports on TLS sent. */
export type Receiver = { readonly kind: 'mail'; readonly to: Mailbox } | { readonly kind: 'https'; readonly url: URL }

/** A domain that wants more copies than that gets them elsewhere. */
const maxReceivers = 4
const maxRecord = 4000

/**
 * The receivers out of the TXT records of `_smtp._tls.<domain>` (RFC 8460 §3). Empty: it wants none. Several records, or
 * a broken one, are none.
 */
export function receiversOf(records: readonly string[]): readonly Receiver[] {
  const ours = records.filter((text) => /^v=TLSRPTv1[ \t]*(?:;|$)/.test(text))
  const [text = ''] = ours
  if (ours.length !== 1 || text.length > maxRecord) return []
  const rua = text
    .split(';')
    .slice(1)
    .map((part) => part.trim())
    .find((part) => /^rua[ \t]*=/.test(part))
  if (rua === undefined) return []
  const uris = rua.slice(rua.indexOf('=') + 1).split(',')
  return uris.flatMap((uri) => receiverOf(uri.trim()) ?? []).slice(0, maxReceivers)
}

function receiverOf(uri: string): Receiver | null {
  if (/^mailto:/i.test(uri)) {
    // Parameters (`?subject=`) would be a stranger's header fields.
    const address = decoded(uri.slice('mailto:'.length).split('?')[0]!)
    const mailbox = address === null ? null : parseMailbox(address)
    return mailbox?.ok && !/[^\x21-\x7e]/.test(mailbox.value.text) ? { kind: 'mail', to: mailbox.value } : null
  }
  if (!/^https:\/\//i.test(uri) || !URL.canParse(uri)) return null
  const url = new URL(uri)
  return url.username === '' && url.password === '' ? { kind: 'https', url } : null
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
