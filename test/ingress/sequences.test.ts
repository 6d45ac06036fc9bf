import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Census } from '../../src/ingress/census.ts'
import type { House } from '../../src/ingress/house.ts'
import { Session } from '../../src/ingress/session.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { silentLog } from '../../src/mail/log.ts'
import { MemoryInlet, settings, site } from './house.ts'
import { memoryWire, until } from './wire.ts'

/**
 * The order of commands (RFC 5321 §4.1.4, RFC 3030 §2) as a page of its own: what any sequence of commands is answered,
 * and which messages are kept. The session is held to it.
 */
class Model {
  kept: { from: string; to: string[]; content: string }[] = []
  private greeted = false
  private from: string | null = null
  private to: string[] = []
  private chunks: string | null = null

  /** The code that this command is answered with; of DATA, that of the content too. */
  says(command: Command): number[] {
    switch (command.verb) {
      case 'HELO':
        this.greeted = true
        this.drop()
        return [250]
      case 'MAIL':
        if (!this.greeted || this.from !== null) return [503]
        if (command.who === 'spammer@example.com') return [550]
        this.from = command.who
        return [250]
      case 'RCPT':
        if (this.from === null || this.chunks !== null) return [503]
        if (command.who.startsWith('nobody@')) return [550]
        if (command.who.endsWith('@elsewhere.test')) return [550]
        if (!this.to.includes(command.who)) this.to.push(command.who)
        return [250]
      case 'DATA':
        if (this.from === null || this.chunks !== null) return [503]
        if (this.to.length === 0) return [554]
        // Of known clients a bare LF is mended; in a chunk, whose octets are counted, it is not.
        return [354, this.end(command.content.replace(/\r?\n/g, '\r\n'))]
      case 'BDAT': {
        if (this.from === null) return [503]
        // After a chunk that failed the client begins again (RFC 3030 §2).
        if (this.to.length === 0) {
          this.drop()
          return [554]
        }
        this.chunks = (this.chunks ?? '') + command.content
        if (/\n/.test(this.chunks.replace(/\r\n/g, ''))) {
          this.drop()
          return [550]
        }
        return [command.last ? this.end(this.chunks) : 250]
      }
      case 'RSET':
        this.drop()
        return [250]
      case 'NOOP':
        return [250]
      case 'WHAT':
        return [500]
    }
  }

  private end(content: string): number {
    const bad = /\n/.test(content.replace(/\r\n/g, ''))
    // A last line without its end gets one.
    const whole = content === '' || content.endsWith('\r\n') ? content : `${content}\r\n`
    if (!bad) this.kept.push({ from: this.from!, to: this.to, content: whole })
    this.drop()
    return bad ? 550 : 250
  }

  private drop(): void {
    this.from = null
    this.to = []
    this.chunks = null
  }
}

type Command =
  | { readonly verb: 'HELO' | 'RSET' | 'NOOP' | 'WHAT' }
  | { readonly verb: 'MAIL' | 'RCPT'; readonly who: string }
  | { readonly verb: 'DATA'; readonly content: string }
  | { readonly verb: 'BDAT'; readonly content: string; readonly last: boolean }

const textOf = (command: Command): string => {
  switch (command.verb) {
    case 'HELO':
      return 'HELO c.example\r\n'
    case 'MAIL':
      return `MAIL FROM:<${command.who}>\r\n`
    case 'RCPT':
      return `RCPT TO:<${command.who}>\r\n`
    case 'DATA':
      return 'DATA\r\n'
    case 'BDAT':
      return `BDAT ${command.content.length}${command.last ? ' LAST' : ''}\r\n${command.content}`
    default:
      return `${command.verb}\r\n`
  }
}

const mail: fc.Arbitrary<Command> = fc
  .constantFrom('a@example.com', 'b@example.com', 'slow@example.com', 'spammer@example.com')
  .map((who) => ({ verb: 'MAIL', who }))
const rcpt: fc.Arbitrary<Command> = fc
  .constantFrom('b@example.org', 'c@example.net', 'slow@example.org', 'nobody@example.org', 'x@elsewhere.test')
  .map((who) => ({ verb: 'RCPT', who }))
const content = fc.constantFrom('', 'x\r\n', 'Subject: x\r\n\r\ntext\r\n', '.x\r\n', 'bare\nLF\r\n')
const data: fc.Arbitrary<Command> = content.map((text) => ({ verb: 'DATA', content: text }))
const bdat: fc.Arbitrary<Command> = fc
  .tuple(fc.oneof(content, fc.constant('no end')), fc.boolean())
  .map(([text, last]) => ({ verb: 'BDAT', content: text, last }))
const plain: fc.Arbitrary<Command> = fc
  .constantFrom('HELO' as const, 'RSET' as const, 'NOOP' as const, 'WHAT' as const)
  .map((verb) => ({ verb }))
// Mostly in the order of a message, so that the deep states are met.
const group = fc.tuple(mail, rcpt, fc.oneof(data, bdat))
const sequence = fc
  .array(
    fc.oneof({ weight: 3, arbitrary: group }, ...[mail, rcpt, data, bdat, plain].map((one) => one.map((c) => [c]))),
    {
      maxLength: 12,
    },
  )
  .map((parts): Command[] => [{ verb: 'HELO' }, ...parts.flat()])
const late = fc.tuple(plain, sequence).map(([first, rest]) => [first, ...rest.slice(1)])

test('any sequence of commands is answered by the order of RFC 5321, and what it accepts is kept as it came', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: sequence }, late), async (commands) => {
      const inlet = new MemoryInlet()
      const admission = site({ limits: { maxErrors: 1000 } })
      const house: House = {
        settings: settings('internal'),
        admission: () => admission,
        inlet,
        census: new Census(),
        log: silentLog,
        clock: systemClock,
        draining: false,
      }
      const wire = memoryWire((socket) => new Session(house, socket, '192.0.2.9' as IpAddress, 1, () => {}).open())
      const model = new Model()
      const wanted = [220]
      const codes = () => [...wire.came().matchAll(/^(\d{3}) /gm)].map(([, code]) => Number(code))
      const hears = async (code: number) => {
        wanted.push(code)
        await until(() => codes().length >= wanted.length || wire.closed())
        expect(codes()).toEqual(wanted)
      }
      for (const command of commands) {
        const [code, end] = model.says(command) as [number, number?]
        await wire.send(Buffer.from(textOf(command)))
        await hears(code)
        if (command.verb !== 'DATA' || end === undefined) continue
        await wire.send(Buffer.from(`${command.content.replace(/^\./gm, '..')}.\r\n`))
        await hears(end)
      }
      wire.destroy()
      const kept = inlet.kept.map(({ envelope, body }) => ({
        from: envelope.from?.text,
        to: envelope.recipients.map(({ mailbox }) => mailbox.text),
        content: body.replace(/^Received: from .*\r\n(?: .*\r\n)+/, '').replace(/^\.\./gm, '.'),
      }))
      expect(kept).toEqual(model.kept)
    }),
    { numRuns: 400 },
  )
})
