/** One connection of the running gateway, as `mailgw conns` shows it. Plain JSON; times are epoch ms. */
export type ConnectionView = IncomingView | OutgoingView

type Common = {
  readonly openedAt: number
  /** What it does now, in a word. */
  readonly state: string
  /** TLS version and cipher; `null`: in clear. */
  readonly tls: string | null
  /** Messages that came to their end on it. */
  readonly messages: number
  /** Of the transaction under way; `null`: there is none. */
  readonly transaction: TransactionView | null
}

export type IncomingView = Common & {
  readonly direction: 'in'
  readonly id: number
  readonly listener: string
  readonly client: string
  /** Who stands before the client and named it (PROXY, XCLIENT); `null`: nobody. */
  readonly by: string | null
  readonly helo: string | null
  readonly login: string | null
}

export type OutgoingView = Common & {
  readonly direction: 'out'
  readonly nextHop: string
  readonly host: string
  /** Our own address; `null`: it is not known. */
  readonly source: string | null
}

export type TransactionView = {
  /** Id of the message; `null`: it has none yet. */
  readonly message: string | null
  /** `''`: the null reverse-path. */
  readonly from: string
  /** The first of them. */
  readonly recipients: readonly string[]
  readonly recipientCount: number
  /** Octets: of what came so far or was announced, or of what is being sent; `null`: not known. */
  readonly sizeBytes: number | null
}

/** Recipients that a view names. */
export const namedRecipients = 5

export type ConnectionsFilter = {
  readonly direction: 'in' | 'out' | null
  /** At most so many of each direction, the oldest. */
  readonly limit: number
}

export type ConnectionsView = {
  readonly connections: readonly ConnectionView[]
  /** How many there are, whatever the limit leaves out. */
  readonly in: number
  readonly out: number
}
