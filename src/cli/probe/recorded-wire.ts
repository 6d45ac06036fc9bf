import { Wire, WireError } from '../../egress/wire.ts'
import type { Clock } from '../../mail/clock.ts'
import type { Reply } from '../../mail/reply.ts'
import type { HostToTry } from '../../route/hosts.ts'

/** One thing that was said and what came of it. Times are ms since the probe began. */
export type Exchange = {
  readonly at: number
  readonly tookMs: number
  /** What we said, without its CRLF; `null`: nothing, the reply came by itself. */
  readonly command: string | null
  readonly reply: Reply | null
  /** Why there is no reply, or what happened in place of one. */
  readonly note: string | null
}

export const mask = '***'

/** A wire that writes down what goes over it. Secrets stand there as `***`, also where a host repeats them. */
export class RecordedWire extends Wire {
  readonly exchanges: Exchange[] = []
  /** Of the dialogue of AUTH, all that we say is a secret. */
  isSecret = false
  /** Texts that are shown nowhere. */
  readonly #hidden: string[]
  readonly #startedAt: number

  /** @param hidden texts that are shown nowhere */
  constructor(host: HostToTry, clock: Clock, connectMs: number, hidden: readonly string[]) {
    super(host, clock, connectMs)
    this.#hidden = hidden.filter((text) => text !== '')
    this.#startedAt = clock.now()
  }

  /** Something that is no command: connected, encrypted, content sent. */
  note(text: string, since: number): void {
    const now = this.clock.now()
    this.exchanges.push(this.#exchange(since, now, null, null, text))
  }

  override async ask(command: string | null, ms: number, what: string): Promise<Reply> {
    const began = this.clock.now()
    const said = command === null ? null : this.#shown(command.replace(/\r\n$/, ''))
    try {
      const reply = this.#covered(await super.ask(command, ms, what))
      this.exchanges.push(this.#exchange(began, this.clock.now(), said, reply, null))
      return reply
    } catch (error) {
      const why = error instanceof WireError ? error.lost.why : (error as Error).message
      this.exchanges.push(this.#exchange(began, this.clock.now(), said, null, why))
      throw error
    }
  }

  #exchange(began: number, now: number, command: string | null, reply: Reply | null, note: string | null): Exchange {
    return { at: began - this.#startedAt, tookMs: now - began, command, reply, note }
  }

  #shown(command: string): string {
    const auth = /^AUTH [A-Z0-9_-]+ ?/i.exec(command)?.[0]
    if (auth === undefined && !this.isSecret) return Buffer.from(command, 'latin1').toString('utf8')
    const secret = command.slice(auth?.length ?? 0)
    if (secret === '' || secret === '*') return command
    // A host that repeats what it was told shows it nowhere either.
    if (secret.length > 3) this.#hidden.push(secret)
    return `${auth ?? ''}${mask}`
  }

  #covered(reply: Reply): Reply {
    let { text } = reply
    // A challenge of 334 is what the answer is made of.
    if (reply.code === 334) return reply
    // The longest first: what holds another one is covered as a whole.
    for (const secret of this.#hidden.toSorted((a, b) => b.length - a.length)) text = text.replaceAll(secret, mask)
    return { ...reply, text }
  }
}
