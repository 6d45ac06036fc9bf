import type { Readable } from 'node:stream'
import { CommandError } from './run.ts'

/** What a password is typed into: standard input. */
export type Keyboard = Readable & { readonly isTTY?: boolean; setRawMode?(on: boolean): unknown }

const maxOctets = 4096

/** The first line of what is piped in; at a terminal what is typed, twice and unseen. Throws `CommandError`. */
export async function readPassword(keyboard: Keyboard, ask: (text: string) => void): Promise<string> {
  if (keyboard.isTTY !== true) return await piped(keyboard)
  const once = await typed(keyboard, ask, 'Password: ')
  const twice = await typed(keyboard, ask, 'Once more: ')
  if (once !== twice) throw new CommandError('the two are not the same; nothing was made')
  return once
}

async function piped(input: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let octets = 0
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk))
    octets += chunk.length
    if (octets > maxOctets)
      throw new CommandError(`standard input: expected one line, got more than ${maxOctets} octets`)
  }
  const [line = '', ...rest] = Buffer.concat(chunks).toString('utf8').split('\n')
  if (rest.join('') !== '')
    throw new CommandError('standard input: expected one line with the password, got more lines')
  return line.replace(/\r$/, '')
}

/** One line, none of it shown. Backspace and Ctrl-U correct, Ctrl-C and Ctrl-D give up. */
function typed(keyboard: Keyboard, ask: (text: string) => void, prompt: string): Promise<string> {
  // First, or what is typed at once would be on the screen.
  keyboard.setRawMode?.(true)
  ask(prompt)
  return new Promise<string>((resolve, reject) => {
    let chars: string[] = []
    const end = (): void => {
      keyboard.off('data', take)
      keyboard.pause()
      keyboard.setRawMode?.(false)
      ask('\n')
    }
    const take = (text: string): void => {
      for (const char of text) {
        if (char === '\r' || char === '\n') {
          end()
          resolve(chars.join(''))
          return
        }
        if (char === '\x03' || char === '\x04') {
          end()
          reject(new CommandError('given up'))
          return
        }
        if (char === '\x7f' || char === '\b') chars.pop()
        else if (char === '\x15') chars = []
        else if (chars.length < maxOctets) chars.push(char)
      }
    }
    keyboard.setEncoding('utf8')
    keyboard.on('data', take)
    keyboard.resume()
  })
}
