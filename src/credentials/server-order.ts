/** How long a server that did not answer is asked after the others. */
const shunMs = 30_000

/** Several servers of one back-end: in the order of the document, those that failed lately last. */
export class ServerOrder<Server> {
  readonly #servers: readonly Server[]
  readonly #shunned = new Map<Server, number>()

  constructor(servers: readonly Server[]) {
    this.#servers = servers
  }

  order(now: number): readonly Server[] {
    const late = (server: Server) => Number((this.#shunned.get(server) ?? 0) > now)
    return [...this.#servers].sort((a, b) => late(a) - late(b))
  }

  failed(server: Server, now: number): void {
    this.#shunned.set(server, now + shunMs)
  }

  worked(server: Server): void {
    this.#shunned.delete(server)
  }
}
