import picocolors from 'picocolors'
import { caseText } from '../../analysis/suite-words.ts'
import { fileName } from '../../config/render-terminal.ts'
import { visible } from '../../config/render-text.ts'
import type { TextOptions } from './failure-text.ts'
import type { WireResult } from './outcome.ts'

/** What came over real sockets: the cases in which it was something else, those that were not tried, and what stood in. */
export function smtpText(results: readonly WireResult[], { cwd, color }: TextOptions): string {
  const paint = picocolors.createColors(color)
  const of = (kind: WireResult['kind']) => results.filter((one) => one.kind === kind)
  const where = ({ case: { place } }: WireResult): string =>
    place === null ? '' : `${fileName(place.file, cwd)}:${place.line}:${place.column} `
  const lines = [
    `over SMTP: ${of('same').length} as the graph says, ${of('differs').length} otherwise, ${of('skipped').length} not tried`,
    '  on loopback, each client, with its TLS, login and certificate, as an address of 127.64.0.0/16; oracles answer as assumed; relays without TLS and login',
  ]
  for (const one of of('differs')) {
    lines.push(`${paint.bold(paint.red('FAIL'))} ${where(one)}${visible(`${one.case.suite}: ${caseText(one.case)}`)}`)
    lines.push(`  ${visible(one.text)}`)
  }
  for (const one of of('skipped')) {
    lines.push(`${paint.bold('skip')} ${where(one)}${visible(`${one.case.suite}: ${caseText(one.case)}`)}`)
    lines.push(`  ${visible(one.text)}`)
  }
  return `${lines.join('\n')}\n`
}
