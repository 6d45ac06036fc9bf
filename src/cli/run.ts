/** What a command gets: its arguments, its options by long name in camelCase, and where to write. */
export type Run = (invocation: Invocation) => Promise<number>

export type Invocation = {
  readonly arguments: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly terminal: Terminal
}

export type Terminal = {
  out(text: string): void
  err(text: string): void
  /** Colours and other terminal manners for standard output, for standard error. */
  readonly color: boolean
  readonly errColor: boolean
}

/** Ends a command with one clear line on standard error and exit code 1. */
export class CommandError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

export function textOption(options: Invocation['options'], name: string): string | null {
  const value = options[name]
  return typeof value === 'string' ? value : null
}

export const flag = (options: Invocation['options'], name: string): boolean => options[name] === true
