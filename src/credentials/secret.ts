import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import type { SecretRef } from '../mail/settings.ts'

/** Where a secret comes from, as a document names it. */
export type SecretOrigin =
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'exec'; readonly argv: readonly string[] }

/** A secret could not be had. The message names the reference and the reason, and holds nothing of any value. */
export class SecretError extends Error {
  readonly ref: string
  constructor(ref: string, reason: string) {
    super(`secret ${shownRef(ref)}: ${reason}`)
    this.name = 'SecretError'
    this.ref = ref
  }
}

export type ResolvedSecret = {
  readonly value: string
  /** What an operator should mend, though the secret could be read; `null` when nothing. */
  readonly warning: string | null
}

export type SecretSources = {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** All lines, as keys have them; otherwise the first one. */
  readonly whole?: true
  /** How long a program may take. */
  readonly timeoutMs?: number
}

const maxBytes = 64 * 1024

/**
 * Resolves `env:NAME`, `file:/path` or `exec:["program","argument"]` on the gateway. The value is the first line, without
 * its line end; an empty one is an error, since a login with an empty password only looks like one. Throws `SecretError`.
 */
export async function readSecret(ref: string, sources: SecretSources = {}): Promise<ResolvedSecret> {
  const parsed = parseSecretRef(ref)
  if (parsed === null) throw new SecretError(ref, 'expected env:NAME, file:/path or exec:["program"]')
  const { text, warning } = await read(parsed, ref, sources)
  const value = sources.whole === true ? text.trim() : text.split('\n', 1)[0]!.replace(/\r$/, '')
  if (value === '') throw new SecretError(ref, 'it is empty')
  if (value.includes('\0')) throw new SecretError(ref, 'it holds a NUL character')
  return { value, warning }
}

/** As `readSecret`, for whoever has no use for a warning. */
export async function resolveSecret({ $secret }: SecretRef): Promise<string> {
  return (await readSecret($secret)).value
}

/** `null` when the text is no reference. */
export function parseSecretRef(ref: string): SecretOrigin | null {
  const colon = ref.indexOf(':')
  const rest = ref.slice(colon + 1)
  switch (ref.slice(0, Math.max(0, colon))) {
    case 'env':
      return /^[A-Za-z_][A-Za-z0-9_]*$/.test(rest) ? { kind: 'env', name: rest } : null
    case 'file':
      return isAbsolute(rest) && !rest.includes('\0') ? { kind: 'file', path: rest } : null
    case 'exec': {
      const argv = argvOf(rest)
      return argv === null ? null : { kind: 'exec', argv }
    }
    default:
      return null
  }
}

function argvOf(text: string): readonly string[] | null {
  let argv: unknown
  try {
    argv = JSON.parse(text)
  } catch {
    return null
  }
  if (!Array.isArray(argv) || argv.length === 0) return null
  if (!argv.every((part): part is string => typeof part === 'string' && !part.includes('\0'))) return null
  return argv[0] === '' ? null : argv
}

type Read = { readonly text: string; readonly warning: string | null }

async function read(ref: SecretOrigin, text: string, sources: SecretSources): Promise<Read> {
  switch (ref.kind) {
    case 'env': {
      const value = (sources.env ?? process.env)[ref.name]
      if (value === undefined) throw new SecretError(text, 'the environment variable is not set')
      return { text: value, warning: null }
    }
    case 'file':
      return fromFile(ref.path, text)
    case 'exec':
      return { text: await fromProgram(ref.argv, text, sources.timeoutMs ?? 10_000), warning: null }
  }
}

async function fromFile(path: string, ref: string): Promise<Read> {
  try {
    const facts = await stat(path)
    if (!facts.isFile()) throw new SecretError(ref, 'it is not a regular file')
    if (facts.size > maxBytes) throw new SecretError(ref, `the file is larger than ${maxBytes} bytes`)
    const open = (facts.mode & 0o007) !== 0
    const warning = open ? `secret ${shownRef(ref)}: every user of this machine can read the file; chmod o-rwx` : null
    return { text: await readFile(path, 'utf8'), warning }
  } catch (error) {
    if (error instanceof SecretError) throw error
    throw new SecretError(ref, reasonOf(error))
  }
}

/** Never through a shell. What the program says on its standard error is not shown: it may repeat the secret. */
function fromProgram(argv: readonly string[], ref: string, timeoutMs: number): Promise<string> {
  const [program, ...rest] = argv as [string, ...string[]]
  return new Promise((resolve, reject) => {
    const options = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: maxBytes,
      encoding: 'utf8',
      windowsHide: true,
    } as const
    const child = execFile(program, rest, options, (error, stdout) => {
      if (error === null) return resolve(stdout)
      const { code, killed, signal } = error
      if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
        return reject(new SecretError(ref, `the program printed more than ${maxBytes} bytes`))
      if (killed) return reject(new SecretError(ref, `the program did not end within ${timeoutMs / 1000} s`))
      if (typeof code === 'string') return reject(new SecretError(ref, reasonOf(error)))
      reject(
        new SecretError(ref, signal ? `the program was ended by ${signal}` : `the program ended with status ${code}`),
      )
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end()
  })
}

/** Arguments of a program may hold tokens: only its name is shown. */
export function shownRef(ref: string): string {
  if (!ref.startsWith('exec:')) return ref.startsWith('env:') || ref.startsWith('file:') ? ref : '(not a reference)'
  const argv = argvOf(ref.slice('exec:'.length))
  return argv === null ? 'exec:(not a list of texts)' : `exec:${JSON.stringify(argv[0])}`
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    default:
      return `the machine says ${code ?? 'no more'}`
  }
}
