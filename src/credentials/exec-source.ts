import { spawn } from 'node:child_process'
import type { CredentialSettings } from '../mail/login-settings.ts'
import { ok, type Result } from '../mail/result.ts'
import { type Accepted, parseAcceptance } from './acceptance.ts'
import type { Found, Source } from './source.ts'

const maxOutputOctets = 64 * 1024

/** What a program says by its exit code. 67 is EX_NOUSER of sysexits(3): the next back-end is asked. */
const exits = new Map<number, 'accepted' | 'refused' | 'unknown'>([
  [0, 'accepted'],
  [1, 'refused'],
  [67, 'unknown'],
])

/**
 * A program of the operator. It is run without a shell, gets the question as one line of JSON on its standard input and
 * nothing of it in its arguments or its environment, where every user of the machine could read it.
 */
export function execSource({ argv }: Extract<CredentialSettings, { kind: 'exec' }>): Source {
  const [program, ...args] = argv as readonly [string, ...string[]]
  return {
    checkPassword(login, password, { client, listener, tls }, signal): Promise<Found> {
      const question = `${JSON.stringify({ login, password, client, listener, tls })}\n`
      return new Promise((resolve, reject) => {
        // A group of its own, so that what it started ends with it.
        const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8' }
        const child = spawn(program, args, { cwd: '/', detached: true, env, stdio: ['pipe', 'pipe', 'ignore'] })
        const output: Buffer[] = []
        let octets = 0
        const killGroup = () => {
          if (child.pid === undefined) return
          try {
            process.kill(-child.pid, 'SIGKILL')
          } catch {
            // All of it has ended.
          }
        }
        const end = (settle: () => void) => {
          signal.removeEventListener('abort', giveUp)
          settle()
        }
        const fail = (why: string) => end(() => reject(new Error(`${program} ${why}`)))
        // Without waiting for its end: a process may be stuck where no signal reaches it.
        const giveUp = () => {
          killGroup()
          child.stdout.destroy()
          fail('did not end in time')
        }
        signal.addEventListener('abort', giveUp, { once: true })
        child.once('error', (error: NodeJS.ErrnoException) => fail(`cannot be run: ${error.code}`))
        child.stdout.on('data', (chunk: Buffer) => {
          octets += chunk.length
          if (octets <= maxOutputOctets) return void output.push(chunk)
          killGroup()
          fail(`printed more than ${maxOutputOctets} octets`)
        })
        // What it left behind would keep its output open, and run on.
        child.once('exit', killGroup)
        child.once('close', (code, by) => {
          if (by !== null) return fail(`was ended by ${by}`)
          const said = exits.get(code!)
          if (said === undefined) return fail(`ended with status ${code}`)
          if (said !== 'accepted') return end(() => resolve({ kind: said }))
          const accepted = acceptance(Buffer.concat(output).toString('utf8'), login)
          if (!accepted.ok) return fail(`printed what is no answer: ${accepted.error}`)
          end(() => resolve(accepted.value))
        })
        // It may end without having read.
        child.stdin.on('error', () => {})
        child.stdin.end(question)
        if (signal.aborted) giveUp()
      })
    },
    async close() {},
  }
}

/** Programs talk: only what begins as a JSON object is meant for us. */
const acceptance = (output: string, login: string): Result<Accepted> =>
  output.trimStart().startsWith('{') ? parseAcceptance(output, login) : ok({ kind: 'accepted', login, addresses: [] })
