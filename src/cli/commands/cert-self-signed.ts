import { createHash, X509Certificate } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseIp } from '../../mail/ip.ts'
import { selfSigned } from '../cert/self-signed.ts'
import { CommandError, flag, type Run, textOption } from '../run.ts'

const host = /^(?:\*\.)?(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/

/** Writes a certificate and its key for a lab, and prints the lines by which a document knows them. */
export const run: Run = async ({ options, terminal }) => {
  const names = (textOption(options, 'name') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
  if (names.length === 0) throw new CommandError('--name: expected a host name, such as mx.example.org')
  const wrong = names.find((name) => !host.test(name) && !parseIp(name).ok)
  if (wrong !== undefined)
    throw new CommandError(`--name: expected host names or addresses, got ${JSON.stringify(wrong)}`)
  const days = Number(textOption(options, 'days') ?? '90')
  if (!Number.isInteger(days) || days < 1 || days > 3650) {
    throw new CommandError(
      `--days: expected a number from 1 to 3650, got ${JSON.stringify(textOption(options, 'days'))}`,
    )
  }
  const folder = resolve(textOption(options, 'out') ?? '.')
  const base = join(folder, names[0]!.replace('*', 'wildcard').replaceAll(':', '_'))
  const files = { certificate: `${base}.pem`, key: `${base}.key` }
  const made = selfSigned(names, days, Date.now())
  mkdirSync(folder, { recursive: true })
  write(files.key, made.key, 0o600, flag(options, 'force'))
  write(files.certificate, made.certificate, 0o644, flag(options, 'force'))

  const { raw, validTo } = new X509Certificate(made.certificate)
  const sha256 = createHash('sha256').update(raw).digest('hex')
  const notAfter = new Date(validTo).toISOString()
  if (flag(options, 'json')) terminal.out(`${JSON.stringify({ ...files, names, notAfter, sha256 }, null, 2)}\n`)
  else {
    terminal.out(
      [
        `certificate  ${files.certificate}`,
        `key          ${files.key}`,
        `names        ${names.join(', ')}`,
        `valid until  ${notAfter}`,
        `fingerprint  sha256:${sha256}`,
        '',
      ].join('\n'),
    )
    terminal.err(
      [
        'For a lab: nobody but you has a reason to trust it. In the document:',
        `  certificates: { lab: { cert: '${files.certificate}', key: '${files.key}' } },`,
        '',
      ].join('\n'),
    )
  }
  return 0
}

/** A file that is there stays, unless `replace`; then it is made anew, so that the mode is what it is to be. */
function write(file: string, text: string, mode: number, replace: boolean): void {
  try {
    if (replace) rmSync(file, { force: true })
    writeFileSync(file, text, { mode, flag: 'wx' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw new CommandError(`${file} is there already; --force replaces it`)
    throw new CommandError(`${file} cannot be written: ${message}`)
  }
}
