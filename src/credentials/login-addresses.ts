import { foldLogin } from '../mail/line-facts.ts'

/** Logins whose addresses are kept; what was used longest ago makes room. */
const maxLogins = 50_000

/** Addresses that logins may send as, as the back-end said when they logged in last. Logins are folded. */
export class LoginAddresses {
  readonly #byLogin = new Map<string, readonly string[]>()

  put(login: string, addresses: readonly string[]): void {
    const at = foldLogin(login)
    this.#byLogin.delete(at)
    if (addresses.length === 0) return
    this.#byLogin.set(at, addresses)
    if (this.#byLogin.size <= maxLogins) return
    const [oldest] = this.#byLogin.keys()
    this.#byLogin.delete(oldest!)
  }

  /** Asked at each MAIL of a session, so those in use stay. */
  get(login: string): readonly string[] {
    const at = foldLogin(login)
    const addresses = this.#byLogin.get(at)
    if (addresses === undefined) return none
    this.#byLogin.delete(at)
    this.#byLogin.set(at, addresses)
    return addresses
  }
}

const none: readonly string[] = []
