import { timingSafeEqual } from 'node:crypto'
import { assertNever } from '../../mail/result.ts'
import type { StoredPassword } from '../../mail/stored-password.ts'
import { argon2 } from './argon2.ts'
import { bcrypt } from './bcrypt.ts'
import { checkScram } from './scram-keys.ts'
import { checkScrypt } from './scrypt.ts'
import { ShaCryptThread } from './sha-crypt-thread.ts'

/** Node's threads are four, and the spool writes with them too: password checks never take more than half. */
const atOnce = 2
/** Whoever comes when so many wait would wait for seconds: it hears 454 and may come again. */
const mayWait = 100

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
 */
export class PasswordChecks {
  private readonly shaCrypt = new ShaCryptThread()
  private readonly waiting: (() => void)[] = []
  private running = 0

  /** Rejects with `TooBusyError`, or when the machine fails. */
  async matches(stored: StoredPassword, password: string): Promise<boolean> {
    await this.turn()
    try {
      return await this.compare(stored, password)
    } finally {
      this.running--
      this.waiting.shift()?.()
    }
  }

  async close(): Promise<void> {
    await this.shaCrypt.close()
  }

  private async turn(): Promise<void> {
    if (this.running >= atOnce) {
      if (this.waiting.length >= mayWait) throw new TooBusyError()
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
    this.running++
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
