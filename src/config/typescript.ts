import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Job, Reply } from './child-evaluate.ts'
import type { Diagnostic } from './diagnostic.ts'
import { loadCodes } from './load-codes.ts'
import type { Node } from './load-node.ts'
import { problem } from './load-problem.ts'
import { wholeFile } from './load-text.ts'
import { visible } from './render-text.ts'
import { sourceProgram } from './typescript-from-source.ts'
import { readableParts } from './typescript-grants.ts'
import { movedReply, nodeOfReply } from './typescript-reply.ts'

export type Evaluation = {
  readonly node: Node | null
  readonly problems: readonly Diagnostic[]
  /** The modules and JSON files that were read, absolute. */
  readonly files: readonly string[]
}

export type ScriptOptions = {
  /** The folder that the document may read. */
  readonly root: string
  readonly allowEnv: readonly string[]
  /** A document unless said; tests stand beside one and run under the same restrictions. */
  readonly kind?: Job['kind']
  readonly wallMs?: number
  readonly memoryMb?: number
}

const maxReplyBytes = 128 * 1024 * 1024
const maxPrintedBytes = 64 * 1024

/** Runs a TypeScript document in a process that may do nothing but read its repository and compute. */
export async function evaluateScript(file: string, options: ScriptOptions): Promise<Evaluation> {
  const { allowEnv, kind = 'document', wallMs = 10_000, memoryMb = 512 } = options
  const place = { file: realpathSync(file), root: realpathSync(options.root) }
  const own = ownFolders()
  const job: Job = { ...place, kind, allowEnv, own: [own.code, own.loader], library: own.library }
  const { program, modules } = entry(job, own.code)
  const readable = [...readableParts(place.root, dirname(place.file)), ...own.readable]
  // Shorter ones first and each once: Node 20 aborts on a path that is the beginning of one that it was given before.
  const granted = [...new Set(readable)].sort().map((path) => `--allow-fs-read=${path}`)
  const outcome = await run(
    [permissionFlag(), ...granted, `--max-old-space-size=${memoryMb}`, '--no-warnings', ...program],
    Object.fromEntries(
      allowEnv.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
    wallMs,
    modules,
  )
  // What the document printed helps whoever writes it; standard output belongs to the command.
  if (outcome.printed !== '' && outcome.reply !== null) process.stderr.write(visible(outcome.printed))

  const failed = (code: string, message: string, hint: string | null = null): Evaluation => ({
    node: null,
    problems: [problem(code, wholeFile(file), message, { hint })],
    files: [file],
  })
  if (outcome.late) return failed(loadCodes.tooSlow, `the document did not come to an end within ${wallMs / 1000} s`)
  if (outcome.large) return failed(loadCodes.crashed, 'the document is too large', 'keep long lists in tables')
  if (outcome.reply === null) {
    if (/heap out of memory|heap limit/i.test(outcome.printed)) {
      return failed(loadCodes.crashed, `the document needs more than the ${memoryMb} MB of memory that it may use`)
    }
    // 13: the event loop ran dry while the module was still waiting; 0: the same, started by way of the loader.
    if (outcome.exit === 13 || outcome.exit === 0)
      return failed(loadCodes.tooSlow, 'the document waits for something that never happens')
    const last = outcome.printed.trim().split('\n').slice(0, 12).join('\n')
    return failed(
      loadCodes.crashed,
      `the process that reads the document ended with ${outcome.exit}${last === '' ? '' : `:\n${last}`}`,
    )
  }
  const reply = movedReply(JSON.parse(outcome.reply) as Reply, place.root, options.root)
  return {
    node: reply.problems.length > 0 ? null : nodeOfReply(reply, file),
    problems: reply.problems,
    files: reply.files,
  }
}

type Outcome = {
  readonly reply: string | null
  readonly printed: string
  readonly exit: number | string
  readonly late: boolean
  readonly large: boolean
}

function run(
  args: readonly string[],
  environment: Record<string, string | undefined>,
  wallMs: number,
  modules: string | null,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    // One time zone and one language on every machine.
    const env = { TZ: 'UTC', LC_ALL: 'C', ...environment }
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'], cwd: '/' })
    // A child that ended early is told by its exit; the broken pipe says nothing more.
    const gift = child.stdio[4] as Writable
    gift.on('error', () => {})
    gift.end(modules ?? '')
    const chunks: Buffer[] = []
    let bytes = 0
    let printed = ''
    let late = false
    let large = false
    const clock = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, wallMs)
    child.stdio[3]!.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxReplyBytes) chunks.push(chunk)
      else if (!large) {
        large = true
        child.kill('SIGKILL')
      }
    })
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8')
      stream.on('data', (text: string) => {
        if (printed.length < maxPrintedBytes) printed += text
      })
    }
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(clock)
      const reply = code === 0 && bytes > 0 ? Buffer.concat(chunks).toString('utf8') : null
      resolve({ reply, printed, exit: code ?? signal ?? 'nothing', late, large })
    })
  })
}

const here = fileURLToPath(import.meta.url)
const require = createRequire(import.meta.url)

/** In the built package the child is a plain module; from the sources its modules are sent along. */
function entry(job: Job, code: string): { readonly program: readonly string[]; readonly modules: string | null } {
  const argument = JSON.stringify(job)
  if (here.endsWith('.js')) return { program: [join(code, 'config', 'child.js'), argument], modules: null }
  const { script, modules } = sourceProgram(join(code, 'config', 'child.ts'), job.library)
  return { program: ['--eval', script, argument], modules }
}

/** Node 20 calls it experimental; later ones dropped the word. */
const permissionFlag = (): string =>
  process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'

/**
 * Our own code and the loader, by their real paths: the child looks for no package, since Node asks for every link on the
 * way to one, and package managers make many.
 */
function ownFolders() {
  const code = realpathSync(dirname(dirname(here)))
  const library = realpathSync(require.resolve('jiti'))
  const loader = dirname(dirname(library))
  return { code: code + sep, loader: loader + sep, library, readable: [join(code, '*'), join(loader, '*')] }
}
