import type { Line } from './evaluator.ts'
import type { Described } from './explanation.ts'
import { pathText } from './interpret.ts'

/** What is described of a line, in JSON. What is not said, or false, is left out: so are the lines of most messages. */
export type LineText = {
  readonly tls?: true
  readonly login?: string
  readonly certificate?: string
  readonly helo?: string
}

/** A described message in JSON, as explanations, plans, proofs and trials write it. */
export type MessageText = LineText & {
  readonly listener: string
  readonly client: string
  readonly sender: string | null
  readonly recipient: string | null
  readonly sizeBytes: number | null
  readonly hops: number | null
}

export function messageText(message: Described): MessageText {
  return {
    listener: message.listener,
    client: message.client,
    sender: message.sender === undefined ? null : pathText(message.sender),
    recipient: message.recipient?.text ?? null,
    sizeBytes: message.sizeBytes,
    hops: message.hops,
    ...lineText(message),
  }
}

export function lineText({ tls, login, certificate, helo }: Readonly<Line>): LineText {
  return {
    ...(tls ? { tls } : {}),
    ...(login === null ? {} : { login }),
    ...(certificate === null ? {} : { certificate }),
    ...(helo === null ? {} : { helo }),
  }
}

/** For one line of text: `, HELO mx.test, over TLS, logged in as joe`; nothing where nothing was said. */
export function lineWords({ tls, login, certificate, helo }: LineText): string {
  const words = [
    helo === undefined ? '' : `, HELO ${helo}`,
    tls === undefined ? '' : ', over TLS',
    certificate === undefined ? '' : `, certificate ${certificate}`,
    login === undefined ? '' : `, logged in as ${login}`,
  ]
  return words.join('')
}

/** As options of `mailgw explain`. */
export function lineOptions({ tls, login, certificate, helo }: Readonly<Line>): string[] {
  return [
    ...(helo === null ? [] : ['--helo', helo]),
    ...(tls ? ['--tls'] : []),
    ...(certificate === null ? [] : ['--cert', certificate]),
    ...(login === null ? [] : ['--login', login]),
  ]
}

/** The facts of such a text. */
export const lineOf = ({ tls, login, certificate, helo }: LineText): Line => ({
  tls: tls ?? false,
  login: login ?? null,
  certificate: certificate ?? null,
  helo: helo ?? null,
})
