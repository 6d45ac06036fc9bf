import type {
  AliasRow,
  ClientEntry,
  DenyRule,
  DnsblEntry,
  Document,
  DomainEntry,
  LocalMxRow,
  Target,
  Unknown,
} from '../../src/config/document.ts'
import type { Facts } from '../../src/graph/evaluator.ts'
import { storedDomain } from '../../src/mail/domain.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { type Mailbox, parseMailbox } from '../../src/mail/path.ts'

/** A valid document in few words: what a test does not name has an ordinary value. */
export function aDocument(part: Partial<Document> = {}): Document {
  return {
    apiVersion: 'mailgw/1',
    hostname: storedDomain('gw.example.com'),
    postmaster: mailbox('postmaster@example.com'),
    listeners: [listener('mx', 'mx'), listener('lan', 'internal')],
    certificates: [],
    credentials: [],
    bans: null,
    domains: [domain('example.com')],
    clients: [client('office', ['10.0.0.0/8'])],
    relaying: { kind: 'two-way', at: 'relaying' },
    relays: [
      {
        at: 'relays.isp',
        name: 'isp',
        hosts: [{ host: 'smtp.isp.example', port: 587 }],
        tls: 'may',
        auth: null,
        connections: 10,
      },
    ],
    localMx: [route('*', { kind: 'relay', relay: 'isp' })],
    dnsbl: [],
    deny: [],
    aliases: [],
    limits: {
      sessions: 100,
      sessionsPerClient: 10,
      maxSizeBytes: 1000,
      maxRecipients: 100,
      maxErrors: 20,
      maxHops: 100,
      connectionsPerNextHop: 20,
      connectionsOut: 500,
    },
    timeouts: {
      commandMs: 1,
      dataMs: 1,
      sessionMs: 1,
      connectMs: 1,
      greetingMs: 1,
      replyMs: 1,
      dataBlockMs: 1,
      dataDoneMs: 1,
      idleMs: 1,
    },
    retry: { scheduleMs: [1000], expireAfterMs: 10_000 },
    resolver: { servers: [], timeoutMs: 5000, attempts: 2 },
    mxPort: 25,
    prove: [],
    gateways: [],
    admin: null,
    envelopeLog: { keepMs: 604_800_000, maxBytes: 209_715_200, localParts: 'plain' },
    ...part,
  }
}

export function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

export const listener = (name: string, kind: 'mx' | 'submission' | 'internal', maxSizeBytes = 1000) => ({
  at: `listeners.${name}`,
  name,
  kind,
  bind: [{ host: '127.0.0.1', port: 2525 }],
  hostname: 'gw.example.com',
  maxSizeBytes,
})

export const domain = (
  pattern: string,
  kind: 'local' | 'relay' = 'local',
  recipients: readonly string[] | null = null,
  unknown: Unknown = { kind: 'reject' },
): DomainEntry => ({
  at: `domains["${pattern}"]`,
  pattern,
  kind,
  recipients:
    recipients?.map((localPart) => ({ localPart, at: `domains["${pattern}"].recipients["${localPart}"]` })) ?? null,
  unknown,
})

export const client = (name: string, networks: readonly string[], part: Partial<ClientEntry> = {}): ClientEntry => ({
  at: `clients.${name}`,
  name,
  networks: networks.map((network) => ({ network, at: `clients.${name}.networks["${network}"]` })),
  internal: true,
  senders: null,
  recipients: null,
  maxSizeBytes: null,
  ...part,
})

export const route = (pattern: string, target: Target): LocalMxRow => ({ at: `localMx["${pattern}"]`, pattern, target })
export const alias = (from: string, ...to: readonly string[]): AliasRow => ({
  at: `aliases["${from}"]`,
  alias: mailbox(from),
  to: to.map(mailbox),
})

export const deny = (
  index: number,
  when: Partial<DenyRule['when']>,
  then = { code: 550, status: '5.7.1', text: `rule ${index}` },
): DenyRule => ({
  at: `deny[${index}]`,
  id: `rule-${index}`,
  when: {
    client: null,
    sender: null,
    recipient: null,
    destination: null,
    sizeOverBytes: null,
    listeners: null,
    ...when,
  },
  then,
})

export const list = (id: string, part: Partial<DnsblEntry> = {}): DnsblEntry => ({
  at: `dnsbl["${id}"]`,
  id,
  zone: storedDomain(`${id}.dnsbl.example`),
  codes: ['127.0.0.0/8'],
  listeners: null,
  onListed: { code: 554, text: `listed by ${id}` },
  onError: 'ignore',
  ...part,
})

export type Said = {
  listener?: string
  client?: string
  /** `<>` is the null reverse-path. */
  sender?: string
  recipient?: string
  sizeBytes?: number
  hops?: number
  destination?: string
  tls?: boolean
  login?: string
  certificate?: string
  helo?: string
}

export function facts(said: Said = {}): Facts {
  return {
    listener: said.listener ?? 'mx',
    client: (said.client ?? '203.0.113.9') as IpAddress,
    sender: said.sender === undefined ? undefined : said.sender === '<>' ? null : mailbox(said.sender),
    recipient: said.recipient === undefined ? null : mailbox(said.recipient),
    sizeBytes: said.sizeBytes ?? null,
    hops: said.hops ?? null,
    destination: (said.destination ?? null) as IpAddress | null,
    tls: said.tls ?? false,
    login: said.login ?? null,
    certificate: said.certificate ?? null,
    helo: said.helo ?? null,
  }
}
