import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls'
import type { Clock } from '../mail/clock.ts'
import type { Reply } from '../mail/reply.ts'
import type { HostToTry } from '../route/hosts.ts'
import { malformed, needMore, ReplyReader } from '../smtp/reply-reader.ts'

/** Why a connection is no more. `status` is an enhanced code of class 4. */
export type Lost = { readonly status: string; readonly why: string }

/** Who gets what comes over the wire. */
export type WireUser = {
  /** One whole reply; its text is `wire.text()`, during this call. */
  reply(code: number): void
  /** The connection ended, whoever ended it except `close`. Once. */
  lost(lost: Lost): void
  /** All that was written has left for the kernel after `send` said that it had not. */
  drained(): void
}

export class WireError extends Error {
  override name = 'WireError'
  readonly lost: Lost
  constructor(lost: Lost) {
    super(lost.why)
    this.lost = lost
  }
}

/**
 * One connection to one host: octets out, replies in, one deadline.
 *
 * connecting   `connected` is waited for
 * plain        replies go to `user`
 * securing     `secure` is waited for; octets belong to TLS
 * secure       as plain
 * closed       for good
 *
 * A reply that nobody waits for is a protocol error and ends the connection: whoever injects replies gets nothing
 * (CVE-2011-0411 and its kind).
 */
export class Wire {
  readonly host: HostToTry
  readonly clock: Clock
  /** Epoch ms; the carrier's sweep calls `sweep`. One field instead of a timer per command. */
  deadlineAt = Infinity
  user: WireUser | null = null
  /** Our own address; `null` while it is not connected. */
  localAddress: string | null = null
  /** Why no socket could be bound to the source address; `null`: that was not the trouble. */
  bindFailure: string | null = null
  /** TLS version and cipher, or `null`. */
  tls: string | null = null
  closed = false
  /** Reads so far. What comes in the read in which a command was sent cannot be the answer to it. */
  reads = 0
  private waitsFor = ''
  private socket: Socket | TLSSocket
  private reader = new ReplyReader()
  private failConnect: ((error: WireError) => void) | null = null
  private readonly connecting: Promise<void>

  /** @param source our own address; `null`: the system chooses */
  constructor(host: HostToTry, clock: Clock, connectMs: number, source: string | null = null) {
    this.host = host
    this.clock = clock
    const socket = connectTcp({
      host: host.address,
      port: host.port,
      ...(source === null ? {} : { localAddress: source }),
      noDelay: true,
      keepAlive: true,
      // One buffer for the life of the connection in place of a new one for each read.
      onread: {
        buffer: Buffer.allocUnsafeSlow(4096),
        callback: (length, buffer) => this.received(buffer as Buffer, length),
      },
    })
    this.socket = socket
    this.await(connectMs, 'connect')
    this.connecting = new Promise((resolve, reject) => {
      this.failConnect = reject
      socket.once('connect', () => {
        this.failConnect = null
        this.localAddress = socket.localAddress ?? null
        resolve()
      })
    })
    // Nobody may be waiting when `close` comes first.
    this.connecting.catch(() => {})
    this.watch(socket)
  }

  /** @throws WireError when the host cannot be reached in time */
  connected(): Promise<void> {
    return this.connecting
  }

  get isConnected(): boolean {
    return this.localAddress !== null
  }

  /** The reply whose code was just given. */
  text(): Reply {
    return this.reader.reply()
  }

  /** The octets of `tls-exporter` (RFC 9266); `null` where they bind nothing, which is before TLS 1.3. */
  channelBinding(): Buffer | null {
    const { socket } = this
    if (this.closed || this.tls === null || !(socket instanceof TLSSocket)) return null
    if (socket.getProtocol() !== 'TLSv1.3') return null
    return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  }

  /** From now on `what` must come within `ms`. */
  await(ms: number, what: string): void {
    this.deadlineAt = this.clock.now() + ms
    this.waitsFor = what
  }

  sweep(now: number): void {
    if (now < this.deadlineAt || this.closed) return
    this.lose({ status: this.failConnect ? '4.4.1' : '4.4.2', why: `time-out: ${this.waitsFor}` })
  }

  /** `false`: wait for `drained`. */
  send(bytes: Buffer): boolean {
    return this.closed || this.socket.write(bytes)
  }

  /** Writes several pieces in one system call. */
  sendAll(pieces: readonly Buffer[]): boolean {
    if (this.closed) return true
    this.socket.cork()
    let more = true
    for (const piece of pieces) more = this.socket.write(piece)
    this.socket.uncork()
    return more
  }

  /** Octets that were handed to `send` and may still be read from the buffers given. */
  get unsent(): number {
    return this.closed ? 0 : this.socket.writableLength
  }

  /** Sends a command and waits for its reply, and its alone. @throws WireError */
  ask(command: string | null, ms: number, what: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new WireError({ status: '4.4.2', why: 'connection closed' }))
      this.await(ms, what)
      this.user = {
        reply: () => {
          this.user = null
          resolve(this.text())
        },
        lost: (lost) => reject(new WireError(lost)),
        drained() {},
      }
      if (command !== null) this.socket.write(command, 'latin1')
    })
  }

  /**
   * Turns the connection into TLS after the 220 to STARTTLS. What was learnt before is the caller's to forget; what the
   * host sent behind its 220 in clear is refused (RFC 3207 §6; CVE-2011-0411). `refuse` looks at the peer once the
   * handshake is over and says why nothing may be sent to it, or `null`. @throws WireError
   */
  secure(options: ConnectionOptions, ms: number, refuse?: (peer: TLSSocket) => string | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        const lost = { status: '4.7.5', why }
        this.user = null
        this.close()
        reject(new WireError(lost))
      }
      if (this.closed) return fail('connection closed')
      if (this.reader.unread > 0) return fail('text in clear after the answer to STARTTLS')
      this.await(ms, 'TLS handshake')
      this.user = { reply() {}, lost: (lost) => fail(`TLS handshake failed: ${lost.why}`), drained() {} }
      const plain = this.socket
      const tls = connectTls({ ...options, socket: plain })
      this.socket = tls
      this.reader = new ReplyReader()
      this.watch(tls)
      tls.on('data', (chunk: Buffer) => this.received(chunk, chunk.length))
      tls.once('secureConnect', () => {
        const why = refuse?.(tls) ?? null
        if (why !== null) return fail(why)
        this.tls = `${tls.getProtocol()} ${tls.getCipher().name}`
        this.user = null
        resolve()
      })
    })
  }

  /** Ends the connection at once and tells nobody. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.deadlineAt = Infinity
    this.user = null
    this.failConnect?.(new WireError({ status: '4.4.1', why: 'connection given up' }))
    this.failConnect = null
    this.socket.destroy()
  }

  /** Ends the connection for a reason that is told to the user. */
  lose(lost: Lost): void {
    if (this.closed) return
    const { user, failConnect } = this
    this.failConnect = null
    failConnect?.(new WireError(lost))
    this.close()
    user?.lost(lost)
  }

  private watch(socket: Socket): void {
    const current = () => this.socket === socket
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const status = this.failConnect ? '4.4.1' : '4.4.2'
      if (error.syscall === 'bind') this.bindFailure = `cannot be bound (${error.code ?? error.message})`
      if (current()) this.lose({ status, why: words.get(error.code ?? '') ?? error.message })
    })
    // A half-closed host can answer no more, and an SMTP host that ends its side without 221 or 421 has gone.
    socket.on('end', () => current() && this.lose({ status: '4.4.2', why: 'connection closed by the host' }))
    socket.on('close', () => current() && this.lose({ status: '4.4.2', why: 'connection closed' }))
    socket.on('drain', () => current() && this.user?.drained())
  }

  private received(chunk: Buffer, length: number): boolean {
    if (this.closed) return true
    this.reads++
    const { reader } = this
    reader.feed(chunk, length)
    for (;;) {
      const code = reader.next()
      if (code === needMore) return true
      if (code === malformed) this.lose({ status: '4.5.0', why: `protocol error: ${reader.error}` })
      else if (this.user === null)
        this.lose({ status: '4.5.0', why: `protocol error: a reply (${code}) that nothing asked for` })
      else this.user.reply(code)
      if (this.closed) return true
    }
  }
}

const words = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset by the host'],
  ['EPIPE', 'connection closed by the host'],
  ['ETIMEDOUT', 'connection timed out'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['ENETUNREACH', 'network unreachable'],
  ['EADDRNOTAVAIL', 'no local address or port for this destination'],
])
