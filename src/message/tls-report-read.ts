import { gunzipSync } from 'node:zlib'
import { type Result, wrong } from '../mail/result.ts'
import { maxReportOctets, parseTlsReport, type TlsReport } from './tls-report.ts'

/**
 * A report in whatever form it came: the JSON itself, compressed by gzip, or a message with one of them in a part
 * (RFC 8460 §5.3). No more than `maxReportOctets` are unpacked: a few octets can be made to swell to gigabytes.
 */
export function readTlsReport(octets: Buffer): Result<TlsReport> {
  if (octets.length > 2 * maxReportOctets) return wrong(`expected at most ${2 * maxReportOctets} octets`)
  if (octets[0] === 0x1f && octets[1] === 0x8b) return ofGzip(octets)
  const text = octets.toString('utf8')
  if (text.trimStart().startsWith('{')) return parseTlsReport(text)
  const part = partOf(octets.toString('latin1'))
  if (part === null) return wrong('expected a report on TLS: JSON, gzip, or a message that has one (RFC 8460)')
  return part.isGzip ? ofGzip(part.octets) : parseTlsReport(part.octets.toString('utf8'))
}

function ofGzip(octets: Buffer): Result<TlsReport> {
  try {
    return parseTlsReport(gunzipSync(octets, { maxOutputLength: maxReportOctets }).toString('utf8'))
  } catch (error) {
    return wrong(`the compressed report cannot be unpacked: ${(error as Error).message}`)
  }
}

type Part = { readonly isGzip: boolean; readonly octets: Buffer }

/** The part of a message that is a report, by its type. */
function partOf(message: string): Part | null {
  const type = /^content-type:[ \t]*(?:\r?\n[ \t]+)?application\/tlsrpt\+(gzip|json)\b/im.exec(message)
  if (type === null) return null
  const headerEnd = message.slice(type.index).search(/\r?\n\r?\n/)
  if (headerEnd < 0) return null
  const start = Math.max(0, lastBlank(message, type.index))
  const header = message.slice(start, type.index + headerEnd)
  const rest = message.slice(type.index + headerEnd).replace(/^\r?\n\r?\n/, '')
  const end = rest.search(/^--/m)
  const body = end < 0 ? rest : rest.slice(0, end)
  const encoding = /^content-transfer-encoding:[ \t]*([\w-]+)/im.exec(header)?.[1]?.toLowerCase()
  const octets = encoding === 'base64' ? Buffer.from(body, 'base64') : Buffer.from(body, 'latin1')
  return { isGzip: type[1]!.toLowerCase() === 'gzip', octets }
}

/** Where the header of a part begins: behind the last boundary or empty line. */
function lastBlank(message: string, before: number): number {
  return Math.max(
    message.lastIndexOf('\n--', before),
    message.lastIndexOf('\n\n', before),
    message.lastIndexOf('\n\r\n', before),
  )
}
