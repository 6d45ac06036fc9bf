import type { Run } from './run.ts'

/** One command, as the table of commands has it. */
export type CommandEntry = {
  readonly name: string
  /** Other words for the last one of the name. */
  readonly aliases?: readonly string[]
  readonly summary: string
  /** What a page says below the summary; sentences. */
  readonly details: string
  readonly arguments?: readonly (readonly [name: string, description: string])[]
  readonly options: readonly OptionEntry[]
  readonly exits: readonly (readonly [code: number, meaning: string])[]
  readonly load: () => Promise<{ run: Run }>
}
export type OptionEntry = readonly [flags: string, description: string]
