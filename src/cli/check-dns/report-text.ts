import { oneLine } from '../text.ts'
import { type DnsReport, type Finding, levels } from './finding.ts'

/** Anybody may write what stands in the DNS, and at any length. */
const maxText = 400

const widest = Math.max(...levels.map((level) => level.length))

/** A line for each finding, what they rest on, and how many there are of each kind. */
export function dnsText({ findings, assumed }: DnsReport): string {
  const counts = levels.map((level) => [level, findings.filter((one) => one.level === level).length] as const)
  const sum = counts.filter(([, count]) => count > 0).map(([level, count]) => `${count} ${level}`)
  return [
    ...findings.map(lineOf),
    ...assumed.map((text) => `assumed: ${short(text)}`),
    `DNS: ${sum.length > 0 ? sum.join(', ') : 'nothing to look at'}`,
    '',
  ].join('\n')
}

function lineOf({ level, check, of, wanted, came }: Finding): string {
  const head = `${level.padEnd(widest)}  ${check} ${short(of)}: `
  return level === 'skipped' ? `${head}${short(came)}` : `${head}wanted ${short(wanted)}; came ${short(came)}`
}

function short(text: string): string {
  const line = oneLine(text)
  return line.length > maxText ? `${line.slice(0, maxText)}...` : line
}
