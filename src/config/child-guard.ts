import { NotRepeatable } from './child-fault.ts'
import { callerFile } from './child-stack.ts'

/**
 * Makes what differs between two runs throw: clock, randomness, the machine's environment, network. A document that
 * read them would be another one at the gateway than the one that was reviewed. This is help, not the wall: against code
 * that means harm stand the missing permissions of the process.
 *
 * @param ours true for files of mailgw and its loader, which may ask for the time
 * @param allowed environment variables that the operator listed
 */
export function guardGlobals(ours: (file: string) => boolean, allowed: ReadonlySet<string>): void {
  const refuse = (what: string, why: string, hint: string | null = null): void => {
    const caller = callerFile()
    if (caller === null || ours(caller)) return
    throw new NotRepeatable(`${what} is refused in a document: ${why}`, hint)
  }
  const clock = (what: string) =>
    refuse(what, 'the same document must mean the same tomorrow', 'write the date or time as a text')
  const chance = (what: string) => refuse(what, 'a document must mean the same each time it is read')
  const machine = (what: string) => refuse(what, 'a document must mean the same on each machine')
  const network = (what: string) => refuse(what, 'a document is read without the network')

  globalThis.Date = new Proxy(Date, {
    apply: guarded(
      (target: DateConstructor, self: unknown, given: unknown[]) => Reflect.apply(target, self, given),
      () => clock('Date()'),
    ),
    construct: (target, given, like) => {
      if (given.length === 0) clock('new Date()')
      return Reflect.construct(target, given, like) as object
    },
    get: (target, name, self) => {
      if (name === 'now') return guarded(target.now, () => clock('Date.now()'))
      return Reflect.get(target, name, self) as unknown
    },
  })
  replace(Math, 'random', (original) => guarded(original, () => chance('Math.random()')))
  const { performance, crypto } = globalThis
  fixed(
    globalThis,
    'performance',
    watched(performance, (name) => name !== 'constructor' && clock(`performance.${name}`)),
  )
  fixed(
    globalThis,
    'crypto',
    watched(crypto, (name) => name !== 'constructor' && chance(`crypto.${name}`)),
  )
  for (const name of ['fetch', 'WebSocket', 'EventSource'] as const) {
    if (name in globalThis) fixed(globalThis, name, () => network(name))
  }

  const environment = { ...process.env }
  const read = (name: string): string | undefined => {
    if (allowed.has(name)) return environment[name]
    const caller = callerFile()
    // Packages look for NODE_ENV and the like as they load; there is nothing for them to find.
    if (caller === null || ours(caller) || caller.includes('/node_modules/')) return undefined
    const hint = 'choose values by environment with byEnv({ ... }) and --env NAME, and name secrets with env.secret()'
    throw new NotRepeatable(
      `the environment variable ${name} is refused in a document: it must mean the same on each machine`,
      hint,
    )
  }
  fixed(
    process,
    'env',
    new Proxy(Object.create(null) as Record<string, string | undefined>, {
      get: (_, name) => (typeof name === 'string' ? read(name) : undefined),
      has: (_, name) => typeof name === 'string' && read(name) !== undefined,
      ownKeys: () => {
        machine('process.env as a whole')
        return [...allowed].filter((name) => environment[name] !== undefined)
      },
      getOwnPropertyDescriptor: (_, name) => {
        const value = typeof name === 'string' ? read(name) : undefined
        return value === undefined ? undefined : { value, enumerable: true, configurable: true, writable: true }
      },
    }),
  )
  const hrtime = Object.assign(
    guarded(process.hrtime, () => clock('process.hrtime()')),
    {
      bigint: guarded(process.hrtime.bigint, () => clock('process.hrtime.bigint()')),
    },
  )
  fixed(process, 'hrtime', hrtime)
  replace(process, 'uptime', (original) => guarded(original, () => clock('process.uptime()')))
  replace(process, 'cwd', (original) =>
    guarded(original, () =>
      refuse(
        'process.cwd()',
        'it must mean the same wherever the command was started',
        'use import.meta.dirname, or import the file',
      ),
    ),
  )
  for (const name of [
    'exit',
    'reallyExit',
    'abort',
    'kill',
    'chdir',
    'binding',
    'dlopen',
    'getBuiltinModule',
  ] as const) {
    const original = (process as unknown as Record<string, unknown>)[name]
    if (typeof original !== 'function') continue
    fixed(
      process,
      name,
      guarded(original as (...given: unknown[]) => unknown, () =>
        refuse(`process.${name}()`, 'it describes mail and nothing else'),
      ),
    )
  }
}

const guarded = <F extends (...given: never[]) => unknown>(original: F, guard: () => void): F =>
  function (this: unknown, ...given: never[]) {
    guard()
    return Reflect.apply(original, this, given)
  } as F

const watched = <T extends object>(target: T, guard: (name: string) => unknown): T =>
  new Proxy(target, {
    get: (_, name) => {
      if (typeof name === 'string') guard(name)
      const value = Reflect.get(target, name, target) as unknown
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })

const fixed = (owner: object, name: string, value: unknown): void => {
  Object.defineProperty(owner, name, { value, writable: false, configurable: false, enumerable: true })
}

function replace<T extends object, K extends keyof T & string>(owner: T, name: K, by: (original: T[K]) => T[K]): void {
  fixed(owner, name, by(owner[name]))
}
