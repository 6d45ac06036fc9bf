import { readFile } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'
import type { Control } from '../graph/control.ts'
import { ok, type Result, wrong } from '../mail/result.ts'

const maxOctets = 16 * 1024 * 1024

/** Who vouches for next hops: those of the runtime (`undefined`), or those and the ones of the document's file. */
export async function readAuthorities({
  tlsPolicy,
}: Pick<Control, 'tlsPolicy'>): Promise<Result<readonly string[] | undefined>> {
  const file = tlsPolicy?.ca
  if (file === undefined) return ok(undefined)
  try {
    const text = await readFile(file, 'utf8')
    if (text.length <= maxOctets && text.includes('-----BEGIN CERTIFICATE-----')) return ok([...rootCertificates, text])
    return wrong(`tlsPolicy.ca: ${file} holds no certificate`)
  } catch (error) {
    return wrong(`tlsPolicy.ca: ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
}
