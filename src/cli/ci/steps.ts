import type { Terminal } from '../run.ts'

/** Says on a terminal what takes its time, and takes the line away again; a pipe is told nothing. */
export async function step<Value>(name: string, terminal: Terminal, work: () => Promise<Value>): Promise<Value> {
  if (!terminal.errColor) return work()
  terminal.err(`${name} ...`)
  try {
    return await work()
  } finally {
    terminal.err('\r\u001b[K')
  }
}
