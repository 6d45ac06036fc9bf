import type { Diagnostic } from './diagnostic.ts'

/** What ends the evaluation of a document for a reason that has its own words and place already. */
export class Fault extends Error {
  readonly diagnostics: readonly Diagnostic[]
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(({ message }) => message).join('\n'))
    this.name = 'Fault'
    this.diagnostics = diagnostics
  }
}

/** Thrown where code of the document asks for what differs between two runs. Its stack leads to the place. */
export class NotRepeatable extends Error {
  readonly hint: string | null
  constructor(message: string, hint: string | null) {
    super(message)
    this.name = 'NotRepeatable'
    this.hint = hint
  }
}
