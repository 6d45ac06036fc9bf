import { program } from '../../src/cli/program.ts'
import { CommandError } from '../../src/cli/run.ts'

export type Ran = { readonly code: number; readonly out: string; readonly err: string }

/** One command line in this process, from the sources; ends as the program would. */
export async function runHere(argv: readonly string[]): Promise<Ran> {
  let out = ''
  let err = ''
  const terminal = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    color: false,
    errColor: false,
  }
  try {
    return { code: await program(argv, '0.0.0', terminal), out, err }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { code: error.exitCode, out, err: `${err}mailgw: ${error.message}\n` }
  }
}
