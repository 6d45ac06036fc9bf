import type { Reply } from '../mail/reply.ts'

/** A reply is some text for a person: what is longer than this is an attack or another protocol. */
const maxReplyBytes = 64 * 1024

const LF = 10
const CR = 13
const status = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/

/**
 * Reads the replies of a server (RFC 5321 §4.2), the client's side of the wire. `push` what came, then call `next` until
 * it gives `null`. Lenient where servers are sloppy and nothing can be mistaken: a line may end in a bare LF, the code
 * may stand alone, text may hold any octet. A line without a code, or with another code than the line before it, is no
 * SMTP: then `wrong` says what came, and there are no more replies.
 */
export class ReplyReader {
  wrong: string | null = null
  private buffered: Buffer | null = null
  private at = 0
  /** Lines of a reply that is not complete. */
  private lines: string[] | null = null
  private code = 0
  private status: string | null = null
  private bytes = 0

  push(chunk: Buffer): void {
    if (this.buffered === null || this.at === this.buffered.length) this.buffered = chunk
    else this.buffered = Buffer.concat([this.buffered.subarray(this.at), chunk])
    this.at = 0
  }

  /** True while something is unread: after STARTTLS was answered nothing may be (CVE-2011-0411). */
  get pending(): boolean {
    return this.lines !== null || (this.buffered !== null && this.at < this.buffered.length)
  }

  /** The next whole reply, or `null` when more octets are needed or the stream is `wrong`. */
  next(): Reply | null {
    while (this.wrong === null && this.buffered !== null) {
      const end = this.buffered.indexOf(LF, this.at)
      if (end < 0) {
        const rest = this.buffered.length - this.at
        if (rest + this.bytes > maxReplyBytes) this.wrong = `a reply of over ${maxReplyBytes} octets`
        // Nothing is left: do not keep the chunk alive in an idle connection.
        if (rest === 0) this.buffered = null
        return null
      }
      const stop = end > this.at && this.buffered[end - 1] === CR ? end - 1 : end
      const line = this.buffered.toString('utf8', this.at, stop)
      this.bytes += end + 1 - this.at
      this.at = end + 1
      const reply = this.line(line)
      if (reply !== null) return reply
    }
    return null
  }

  private line(line: string): Reply | null {
    const code = codeOf(line)
    if (code === 0) return this.fail(`expected a reply, got ${excerpt(line)}`)
    if (this.lines !== null && code !== this.code) {
      return this.fail(`expected the next line of a ${this.code} reply, got ${excerpt(line)}`)
    }
    if (this.bytes > maxReplyBytes) return this.fail(`a reply of over ${maxReplyBytes} octets`)

    let text = line.slice(4)
    // The class of an enhanced code repeats the first digit (RFC 2034 §4); otherwise it is text that looks like one.
    const found = text.length > 4 && text.charCodeAt(1) === 46 ? status.exec(text) : null
    if (found !== null && text.charCodeAt(0) === line.charCodeAt(0)) {
      text = text.slice(found[0].length)
      if (this.lines === null) this.status = found[1]!
    } else if (this.lines === null) this.status = null

    if (line.charCodeAt(3) === 45) {
      if (this.lines === null) this.lines = [text]
      else this.lines.push(text)
      this.code = code
      return null
    }
    const reply: Reply = {
      code,
      status: this.status,
      text: this.lines === null ? text : `${this.lines.join('\n')}\n${text}`,
    }
    this.lines = null
    this.bytes = 0
    return reply
  }

  private fail(why: string): null {
    this.wrong = why
    return null
  }
}

/** The code of a reply line, 200 to 599, or 0 when it has none. */
function codeOf(line: string): number {
  const a = line.charCodeAt(0) - 48
  const b = line.charCodeAt(1) - 48
  const c = line.charCodeAt(2) - 48
  if (!(a >= 2 && a <= 5 && b >= 0 && b <= 9 && c >= 0 && c <= 9)) return 0
  const separator = line.charCodeAt(3)
  if (line.length > 3 && separator !== 32 && separator !== 45) return 0
  return a * 100 + b * 10 + c
}

const excerpt = (line: string): string => JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}...` : line)
