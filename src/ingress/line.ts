import type { Socket } from 'node:net'
import { Inflow, type Reader } from './inflow.ts'
import { Outbox } from './outbox.ts'
import type { TlsContexts } from './tls/contexts.ts'
import { acceptTls, type Failed, type Secured } from './tls/handshake.ts'

/**
 * The connection of one session: what comes over it and what is said, in clear text or under TLS.
 *
 * clear      as it was accepted
 * handshake  octets are the handshake's; nothing is read and nothing may be said
 * encrypted  as `secured` says
 */
export class Line {
  inflow: Inflow
  outbox: Outbox
  secured: Secured | null = null
  private socket: Socket
  private readonly reader: Reader

  /** `onGone` is called once, when nothing is left of the connection. */
  constructor(socket: Socket, reader: Reader, onGone: () => void) {
    this.socket = socket
    this.reader = reader
    // What the peer does to its connection is no error of ours; 'close' follows.
    socket.on('error', () => {})
    socket.on('close', onGone)
    this.inflow = new Inflow(socket, reader)
    this.outbox = new Outbox(socket)
  }

  /** Our own address that the client has connected to; `null` when it is gone. */
  get localAddress(): string | null {
    return this.socket.localAddress ?? null
  }

  /**
   * Goes on under TLS. What was agreed in clear text holds no longer, and no octet of it may be waiting (RFC 3207 §4.2).
   * After `failed` the connection is gone.
   */
  secure(contexts: TlsContexts, done: (secured: Secured) => void, failed: Failed): void {
    this.inflow.detach()
    const socket = acceptTls(this.socket, contexts, {
      done: (secured) => {
        this.secured = secured
        this.inflow = new Inflow(socket, this.reader)
        this.outbox = new Outbox(socket)
        done(secured)
      },
      failed,
    })
    this.socket = socket
  }

  destroy(): void {
    this.socket.destroy()
  }
}
