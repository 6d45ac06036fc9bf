import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { CertificateSettings } from '../../mail/settings.ts'

/** A certificate with its key, read and found to belong together. */
export type Pair = {
  readonly settings: CertificateSettings
  /** PEM: the certificate first, then those between it and its authority. */
  readonly chain: string
  readonly key: string
  /** Host names that it is for, in lower case, `*.` allowed; of its subject when it names no others. */
  readonly names: readonly string[]
  readonly subject: string
  readonly issuer: string
  readonly notBefore: number
  readonly notAfter: number
  /** Of the two files when they were read: another one means that they were written since. */
  readonly stamp: string
  /** The key can be read by every user of the machine. */
  readonly open: boolean
}

/** A file that cannot be used. The message names the file and says why. */
export class CertificateError extends Error {
  constructor(file: string, why: string, cause?: unknown) {
    super(`${file}: ${why}`, { cause })
    this.name = 'CertificateError'
  }
}

/** No chain of certificates is longer; a path that leads elsewhere (a device, a disk image) is not read whole. */
const maxBytes = 1024 * 1024

/** @throws CertificateError when a file cannot be read, is no PEM of its kind, or the two do not belong together */
export async function readPair(settings: CertificateSettings): Promise<Pair> {
  const { certificate, key } = settings
  // Before the files themselves: what is written in between shows at the next look.
  const stamp = await stampOf([certificate, key])
  const chain = await readPem(certificate)
  const leaf = certificatesIn(certificate, chain)[0] as X509Certificate
  const keyText = await readPem(key)
  if (!leaf.checkPrivateKey(privateKey(key, keyText))) throw new CertificateError(key, `not the key of ${certificate}`)
  usable(certificate, chain, keyText)
  return {
    settings,
    chain,
    key: keyText,
    names: namesOf(leaf),
    subject: oneLine(leaf.subject),
    issuer: oneLine(leaf.issuer),
    notBefore: Date.parse(leaf.validFrom),
    notAfter: Date.parse(leaf.validTo),
    stamp,
    open: ((await stat(key)).mode & 0o004) !== 0,
  }
}

/** The certificates of whoever vouches for clients. */
export type Authorities = { readonly file: string; readonly pem: string; readonly stamp: string }

/** @throws CertificateError */
export async function readAuthorities(file: string): Promise<Authorities> {
  const stamp = await stampOf([file])
  const pem = await readPem(file)
  certificatesIn(file, pem)
  return { file, pem, stamp }
}

/** Tells one state of some files from another, whether they were changed in place or replaced. @throws CertificateError */
export async function stampOf(files: readonly string[]): Promise<string> {
  const stamps: string[] = []
  // One after the other: of two files that are missing the first is named.
  for (const file of files) {
    const { mtimeMs, ctimeMs, size, ino } = await stat(file).catch((error: Error) => refuse(file, error))
    stamps.push(`${mtimeMs} ${ctimeMs} ${size} ${ino}`)
  }
  return stamps.join(', ')
}

async function readPem(file: string): Promise<string> {
  const facts = await stat(file).catch((error: Error) => refuse(file, error))
  if (!facts.isFile()) throw new CertificateError(file, 'not a regular file')
  if (facts.size > maxBytes) throw new CertificateError(file, `larger than ${maxBytes} bytes`)
  return await readFile(file, 'latin1').catch((error: Error) => refuse(file, error))
}

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

function certificatesIn(file: string, pem: string): X509Certificate[] {
  const blocks = pem.match(block) ?? []
  if (blocks.length === 0) throw new CertificateError(file, 'expected a certificate in PEM, found none')
  return blocks.map((text, i) => {
    try {
      return new X509Certificate(text)
    } catch (error) {
      throw new CertificateError(file, `certificate ${i + 1} of ${blocks.length} in it is damaged`, error)
    }
  })
}

function privateKey(file: string, pem: string): KeyObject {
  if (!/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(pem)) {
    throw new CertificateError(file, 'expected a private key in PEM, found none')
  }
  // Both forms: that of PKCS #8, and a header inside of the older ones.
  if (/ENCRYPTED/.test(pem)) {
    throw new CertificateError(file, 'the key has a passphrase; a gateway that starts by itself needs one without')
  }
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new CertificateError(file, 'the key is damaged', error)
  }
}

/** What OpenSSL refuses (a key that is too short, a digest that is too weak) is found here, and not at a handshake. */
function usable(file: string, cert: string, key: string): void {
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    const { reason, message } = error as Error & { readonly reason?: string }
    throw new CertificateError(file, `OpenSSL refuses it: ${reason ?? message}`, error)
  }
}

/** Names that a client may ask for; a subject counts where a certificate says no other name, as in old ones. */
function namesOf(leaf: X509Certificate): string[] {
  const alternatives = [...(leaf.subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,"]+)/g)].map(([, name]) => name!)
  if (alternatives.length > 0) return alternatives.map((name) => name.toLowerCase())
  const common = /^CN=(.+)$/m.exec(leaf.subject)?.[1]
  return common === undefined ? [] : [common.toLowerCase()]
}

const oneLine = (name: string | undefined): string => (name ?? '').split('\n').join(', ')

function refuse(file: string, error: Error): never {
  const { code } = error as NodeJS.ErrnoException
  const why =
    code === 'ENOENT'
      ? 'there is no such file'
      : code === 'EACCES' || code === 'EPERM'
        ? 'permission denied'
        : `the machine says ${code ?? error.message}`
  throw new CertificateError(file, why, error)
}
