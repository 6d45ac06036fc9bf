/** What test files have said so far, inside the child process that runs one of them. */
export type WrittenCase = {
  readonly message: unknown
  readonly answers: unknown
  /** Demands by word, each with its values: `['relay', 'partner']`. */
  readonly expect: (readonly (string | number)[])[]
}
export type WrittenProof = { readonly all: unknown; readonly claim: (readonly [claim: string, of: unknown])[] }
export type WrittenSuite = { readonly suite: string; readonly cases: (WrittenCase | WrittenProof)[] }

const written: WrittenSuite[] = []

export function collect(name: string): WrittenSuite {
  const suite: WrittenSuite = { suite: name, cases: [] }
  written.push(suite)
  return suite
}

export const collected = (): readonly WrittenSuite[] => written
