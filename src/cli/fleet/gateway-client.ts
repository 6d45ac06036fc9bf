import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type {
  Aborted,
  Activated,
  ActivateRequest,
  Confirmed,
  JournalAnswer,
  Prepared,
  PrepareRequest,
  RolledBack,
  StatusAnswer,
  TrialAnswer,
  Uploaded,
} from '../../admin/protocol.ts'
import type { SecretPrint } from '../../admin/secret-operations.ts'
import type { GatewayReach } from '../../config/document.ts'
import { openWire, reachText, type Wire } from './wire.ts'

/**
 * What a gateway said. `moved`: another graph is active than the one in mind. `refused`: it will not, and says why.
 * `silent`: it was not reached, broke off, took too long or made no sense, so that nobody knows whether it did it.
 */
export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'moved'; readonly active: string; readonly expected: string; readonly error: string }
  | { readonly kind: 'refused'; readonly status: number; readonly error: string }
  | { readonly kind: 'silent'; readonly error: string }

/** One gateway, as the coordinator talks to it. Nothing here throws: what goes wrong on the way is an answer too. */
export type GatewayClient = {
  readonly name: string
  /** How it is reached, in words. */
  readonly where: string
  status(): Promise<Answer<StatusAnswer>>
  /** The text of a bundle that the gateway keeps. */
  graph(hash: string): Promise<Answer<string>>
  upload(hash: string, bundle: string): Promise<Answer<Uploaded>>
  prepare(wanted: PrepareRequest): Promise<Answer<Prepared>>
  activate(wanted: ActivateRequest): Promise<Answer<Activated>>
  abort(token: string): Promise<Answer<Aborted>>
  confirm(hash: string): Promise<Answer<Confirmed>>
  rollback(to: string | null, reason: string): Promise<Answer<RolledBack>>
  trial(): Promise<Answer<TrialAnswer>>
  journal(after: number): Promise<Answer<JournalAnswer>>
  /** Prints of its secrets under a key. */
  secrets(key: string): Promise<Answer<readonly SecretPrint[]>>
  close(): Promise<void>
}

export type ClientOptions = {
  readonly name: string
  readonly reach: GatewayReach
  /** Of the document: what its paths are relative to. */
  readonly folder: string
  readonly timeouts?: Partial<ClientTimeouts>
}
/** How long a whole call may take. */
export type ClientTimeouts = { readonly askMs: number; readonly sendMs: number; readonly prepareMs: number }

const usual: ClientTimeouts = { askMs: 10_000, sendMs: 120_000, prepareMs: 60_000 }
const maxAnswerBytes = 256 * 1024 * 1024

export function gatewayClient({ name, reach, folder, timeouts }: ClientOptions): GatewayClient {
  const { askMs, sendMs, prepareMs } = { ...usual, ...timeouts }
  const where = reachText(reach)
  let wire: Promise<Wire> | null = null

  const call = async (method: string, path: string, body: string | null, withinMs: number): Promise<Answer<string>> => {
    const asked = `${method} ${path.split('?')[0]}`
    const silent = (error: string): Answer<never> => ({ kind: 'silent', error: `${where}: ${asked}: ${error}` })
    wire ??= openWire(reach, folder)
    let open: Wire
    try {
      open = await wire
    } catch (error) {
      // The next call tries again.
      wire = null
      return silent((error as Error).message)
    }
    try {
      const { status, text } = await exchange(open, method, path, body, withinMs)
      if (status >= 200 && status < 300) return { kind: 'ok', value: text }
      const said = parse(text) as { error?: unknown; active?: unknown; expected?: unknown } | null
      const error = typeof said?.error === 'string' ? said.error : `it answered ${status}`
      if (status === 412 && typeof said?.active === 'string')
        return { kind: 'moved', active: said.active, expected: String(said.expected), error }
      return { kind: 'refused', status, error }
    } catch (error) {
      return silent(reason(error as NodeJS.ErrnoException, withinMs))
    }
  }
  const json = async <T>(method: string, path: string, body: unknown, withinMs = askMs): Promise<Answer<T>> => {
    const answer = await call(method, path, body === null ? null : JSON.stringify(body), withinMs)
    if (answer.kind !== 'ok') return answer
    const value = parse(answer.value)
    return value === null
      ? { kind: 'silent', error: `${where}: ${method} ${path}: expected JSON, got ${brief(answer.value)}` }
      : { kind: 'ok', value: value as T }
  }
  return {
    name,
    where,
    status: () => json('GET', '/v1/status', null),
    graph: (hash) => call('GET', `/v1/graphs/${hash}`, null, sendMs),
    async upload(hash, bundle) {
      const answer = await call('PUT', `/v1/graphs/${hash}`, bundle, sendMs)
      return answer.kind === 'ok'
        ? { kind: 'ok', value: { hash, known: false, ...(parse(answer.value) ?? {}) } }
        : answer
    },
    prepare: (wanted) => json('POST', '/v1/prepare', wanted, prepareMs),
    activate: (wanted) => json('POST', '/v1/activate', wanted, prepareMs),
    abort: (token) => json('POST', '/v1/abort', { token }),
    confirm: (hash) => json('POST', '/v1/confirm', { hash }),
    rollback: (to, reason) => json('POST', '/v1/rollback', { to, reason }, prepareMs),
    trial: () => json('GET', '/v1/trial', null),
    journal: (after) => json('GET', `/v1/journal?after=${after}`, null),
    async secrets(key) {
      const answer = await json<{ secrets: readonly SecretPrint[] }>('POST', '/v1/secrets', { key }, prepareMs)
      return answer.kind === 'ok' ? { kind: 'ok', value: answer.value.secrets } : answer
    },
    async close() {
      const open = await wire?.catch(() => null)
      wire = null
      await open?.close()
    },
  }
}

function exchange(
  { secure, options }: Wire,
  method: string,
  path: string,
  body: string | null,
  withinMs: number,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const send = secure ? tlsRequest : plainRequest
    const headers = {
      ...options.headers,
      ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    }
    const take = (got: IncomingMessage) => {
      const chunks: Buffer[] = []
      let size = 0
      got.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > maxAnswerBytes) got.destroy(new Error('the answer is too long'))
      })
      got.on('error', reject)
      got.on('end', () => resolve({ status: got.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    }
    // No connection is kept: after a restart of the gateway it would be a dead one, and a call lost with it.
    const signal = AbortSignal.timeout(withinMs)
    const sent = send({ ...options, method, path, headers, agent: false, signal }, take)
    sent.on('error', reject)
    sent.end(body ?? undefined)
  })
}

function reason(error: NodeJS.ErrnoException, withinMs: number): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return `no answer within ${withinMs / 1000} s`
  switch (error.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return 'no gateway is running there'
    case 'EACCES':
      return 'this user may not open it'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'it broke off'
    default:
      return error.message
  }
}

function parse(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

const brief = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text)
