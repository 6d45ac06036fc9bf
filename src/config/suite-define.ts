import type { ClaimBox, ClaimEffect, OracleOutcome } from './define-claims.ts'
import { collect, type WrittenCase, type WrittenProof } from './suite-registry.ts'

/**
 * What a `mailgw.test.ts` imports from `mailgw/test`. Like `define.ts` it runs inside the restricted child process: types
 * and plain functions only. All that leaves the process is the list of cases, as plain data.
 */

/** A message as a test describes it. What is left out is not known, and the stages that ask for it are not asked. */
export type TestMessage = {
  /** The listener that it comes in at; the first one unless said. */
  readonly listener?: string
  /** Address of the client; 127.0.0.1 unless said. */
  readonly client?: string
  /** The line is encrypted. Said by itself of a listener with implicit TLS, and of a client with a certificate. */
  readonly tls?: boolean
  /** Who logged in. */
  readonly login?: string
  /** The verified certificate of the client, such as `'sha256:01ab...'`. */
  readonly certificate?: string
  /** What it says in HELO or EHLO; left out: nothing yet, and the stage `helo` is not asked. */
  readonly helo?: string
  /** Reverse-path; `'<>'` is the null one. */
  readonly from?: string
  readonly to?: string
  /** Such as `'2MiB'`. */
  readonly size?: string
  /** Received lines that it has already. */
  readonly hops?: number
}

/** Answers of what only run time can tell, such as `{ 'dnsbl.zen': 'listed' }`. */
export type Answers = { readonly [oracle: string]: OracleOutcome }

export type Message = {
  readonly message: TestMessage
  readonly answers: Answers
  /** Says what an oracle answers. What is not said is followed for every answer, and all must come to the same. */
  assume(answers: Answers): Message
}

/** What must come of a message. Each call adds a demand, and all must hold. */
export type Expectation = {
  /** Accepted, wherever it goes. */
  accepted(): Expectation
  /** Refused for good (5yz), with this code if one is named. */
  rejected(code?: number): Expectation
  /** Refused for now (4yz). */
  deferred(code?: number): Expectation
  /** All of it goes to this relay of the document. */
  relay(name: string): Expectation
  /** All of it goes to these hosts, in this order: `'bart:26'`. */
  hosts(...hosts: readonly [string, ...string[]]): Expectation
  /** All of it goes to the MX hosts of its domain. */
  mx(): Expectation
  /** All of it goes into maildirs; into this folder if one is named. */
  delivered(dir?: string): Expectation
  /** Accepted and held. */
  held(): Expectation
  /** Accepted and thrown away. */
  discarded(): Expectation
  /** TLS level of the way that it takes. */
  tls(level: 'off' | 'may' | 'encrypt' | 'verify'): Expectation
  /** The mailboxes that the recipient stands for, all of them, in any order. */
  to(...mailboxes: readonly [string, ...string[]]): Expectation
  /** The element of the document that decides, such as `'deny[2]'` or `'localMx["*"]'`. */
  by(element: string): Expectation
  /** The stage that refuses. */
  stage(name: 'connect' | 'helo' | 'auth' | 'mail' | 'rcpt' | 'route' | 'data'): Expectation
  /** A mark that it gets, and maybe others. */
  tagged(tag: string): Expectation
}

/** Claims about every message of a box: proved for all of them, not tried with some. */
export type Proof = {
  never(effect: ClaimEffect): void
  always(effect: ClaimEffect): void
  onlyVia(relay: string): void
}

export type Suite = {
  expect(message: Message): Expectation
  all(box: ClaimBox): Proof
}

/** Describes a message. */
export const msg = (message: TestMessage): Message => described(message, {})

function described(message: TestMessage, answers: Answers): Message {
  const plain = { message, answers }
  return hidden(plain, { assume: (more: Answers) => described(message, { ...answers, ...more }) })
}

/** A group of tests under one name. */
export function suite(name: string, body: (t: Suite) => void): void {
  const written = collect(name)
  const result: unknown = body({
    expect: (message) => expectation(written.cases, message),
    all: (box) => proof(written.cases, box),
  })
  if (result instanceof Promise) throw new Error(`suite ${JSON.stringify(name)}: a suite waits for nothing`)
}

function expectation(cases: (WrittenCase | WrittenProof)[], { message, answers }: Message): Expectation {
  const written: WrittenCase = { message, answers, expect: [] }
  cases.push(written)
  const demand =
    (word: string) =>
    (...values: readonly (string | number | undefined)[]): Expectation => {
      written.expect.push([word, ...values.filter((value) => value !== undefined)])
      return result
    }
  const words = [
    ...['accepted', 'rejected', 'deferred', 'relay', 'hosts', 'mx', 'delivered', 'held', 'discarded'],
    ...['tls', 'to', 'by', 'stage', 'tagged'],
  ]
  const methods = Object.fromEntries(words.map((word) => [word, demand(word)])) as unknown as Expectation
  const result = hidden(written, methods)
  return result
}

function proof(cases: (WrittenCase | WrittenProof)[], box: ClaimBox): Proof {
  const written: WrittenProof = { all: box, claim: [] }
  cases.push(written)
  return hidden(written, {
    never: (effect: ClaimEffect) => void written.claim.push(['never', effect]),
    always: (effect: ClaimEffect) => void written.claim.push(['always', effect]),
    onlyVia: (relay: string) => void written.claim.push(['onlyVia', relay]),
  })
}

/** Methods on plain data that are no part of the data: the object keeps its identity, on which its place hangs. */
function hidden<T extends object, M extends object>(data: T, methods: M): T & M {
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(data, name, { value })
  return data as T & M
}
