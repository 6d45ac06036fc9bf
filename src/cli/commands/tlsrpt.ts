import { readFile, stat } from 'node:fs/promises'
import { maxReportOctets, type TlsReport } from '../../message/tls-report.ts'
import { readTlsReport } from '../../message/tls-report-read.ts'
import { CommandError, flag, type Run } from '../run.ts'
import { oneLine, table } from '../text.ts'

export const run: Run = async ({ arguments: [file = '-'], options, terminal }) => {
  const report = readTlsReport(await octetsOf(file))
  if (!report.ok) throw new CommandError(`${file === '-' ? 'standard input' : file}: ${report.error}`)
  terminal.out(flag(options, 'json') ? `${JSON.stringify(report.value, null, 2)}\n` : reportText(report.value))
  return report.value.policies.some(({ failures }) => failures > 0) ? 2 : 0
}

const most = 2 * maxReportOctets

async function octetsOf(file: string): Promise<Buffer> {
  if (file !== '-') {
    const found = await stat(file).catch((error: NodeJS.ErrnoException) => error)
    if (found instanceof Error) throw new CommandError(`${file}: ${found.code ?? found.message}`)
    if (found.size > most) throw new CommandError(`${file}: expected at most ${most} octets, got ${found.size}`)
    return await readFile(file)
  }
  const parts: Buffer[] = []
  let octets = 0
  for await (const part of process.stdin) {
    octets += (part as Buffer).length
    if (octets > most) throw new CommandError(`standard input: expected at most ${most} octets`)
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts)
}

/** A stranger has written all of it: nothing of it may move the cursor. */
function reportText({ organization, contact, id, start, end, policies }: TlsReport): string {
  const day = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`
  const lines = [
    `from     ${oneLine(organization)}${contact === '' ? '' : ` (${oneLine(contact)})`}`,
    `report   ${oneLine(id)}`,
    `covers   ${day(start)} to ${day(end)}`,
    '',
    table(
      ['domain', 'policy', 'ok', 'failed', 'MX hosts'],
      policies.map(({ domain, type, successes, failures, mx }) =>
        [domain, type, String(successes), String(failures), mx.join(' ')].map(oneLine),
      ),
    ),
  ]
  const failures = policies.flatMap(({ details }) => details)
  if (failures.length > 0) {
    lines.push(
      table(
        ['failure', 'sessions', 'our host', 'their address', 'reason'],
        failures.map(({ type, sessions, mx, receivingIp, sendingIp, reason }) =>
          [
            type,
            String(sessions),
            `${mx ?? ''}${receivingIp === null ? '' : `[${receivingIp}]`}`,
            sendingIp ?? '',
            reason ?? '',
          ].map(oneLine),
        ),
      ),
    )
  }
  return `${lines.join('\n')}\n`
}
