import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { assertNever } from '../../mail/result.ts'
import type { StoredPassword } from '../../mail/stored-password.ts'
import { argon2 } from './argon2.ts'
import { bcrypt } from './bcrypt.ts'
import { checkScram } from './scram-keys.ts'
import { checkScrypt } from './scrypt.ts'
import { ShaCryptThread } from './sha-crypt-thread.ts'

export type CheckLimits = {
  readonly atOnce: number
  /** One more is turned away. */
  readonly mayWait: number
}

/**
 * Node's threads are four, and the spool writes with them too: password checks never take more than half. Of two cores
 * one is left to the sessions. Whoever comes when a hundred wait would wait for seconds: it hears 454 and may come again.
 */
const usualLimits: CheckLimits = { atOnce: availableParallelism() > 2 ? 2 : 1, mayWait: 100 }

/** Too many checks wait already. */
export class TooBusyError extends Error {
  constructor() {
    super('too many passwords are being checked')
    this.name = 'TooBusyError'
  }
}

/**
 * Compares passwords with stored ones, off the thread of the sessions and a bounded number at one moment: a check costs a
 * tenth of a second on purpose, and a thousand clients that guess must not stop the mail of the others.
 *
 * The password that fitted a hash last is remembered with it, as a keyed hash under a key of this process: devices that
 * log in for each message would take a core otherwise. It is forgotten with the hash: a file that was read anew, or an
 * apply, begins anew. What does not fit always costs the whole time.
 */
export class PasswordChecks {
  private readonly shaCrypt = new ShaCryptThread()
  private readonly waiting: (() => void)[] = []
  private readonly key = randomBytes(32)
  private readonly fitted = new WeakMap<StoredPassword, Buffer>()
  private readonly limits: CheckLimits
  private running = 0

  constructor(limits: CheckLimits = usualLimits) {
    this.limits = limits
  }

  /** Rejects with `TooBusyError`, or when the machine fails. */
  async matches(stored: StoredPassword, password: string): Promise<boolean> {
    const mark = createHmac('sha256', this.key).update(password).digest()
    const known = this.fitted.get(stored)
    if (known !== undefined && timingSafeEqual(known, mark)) return true
    await this.turn()
    try {
      const fits = await this.compare(stored, password)
      if (fits) this.fitted.set(stored, mark)
      return fits
    } finally {
      // The place goes to who waited longest: nobody who comes at this moment overtakes.
      const next = this.waiting.shift()
      if (next === undefined) this.running--
      else next()
    }
  }

  async close(): Promise<void> {
    await this.shaCrypt.close()
  }

  private async turn(): Promise<void> {
    if (this.running < this.limits.atOnce) {
      this.running++
      return
    }
    if (this.waiting.length >= this.limits.mayWait) throw new TooBusyError()
    await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  private async compare(stored: StoredPassword, password: string): Promise<boolean> {
    switch (stored.kind) {
      case 'scrypt':
        return await checkScrypt(stored, password)
      case 'scram-sha-256':
        return await checkScram(stored, password)
      case 'bcrypt':
        return await bcrypt().compare(password, stored.text)
      case 'argon2id':
        return await argon2().verify(stored.text, password)
      case 'sha512-crypt':
      case 'sha256-crypt': {
        const { kind, salt, rounds } = stored
        const hash = await this.shaCrypt.hash({ kind, salt, rounds, password })
        return timingSafeEqual(Buffer.from(hash, 'latin1'), Buffer.from(stored.hash, 'latin1'))
      }
      default:
        return assertNever(stored)
    }
  }
}
