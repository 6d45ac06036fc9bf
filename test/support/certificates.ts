import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Certificate = { readonly cert: string; readonly key: string }

/** Makes certificates by openssl in a folder: an authority, and what it signs. */
export function authority(folder: string, name: string) {
  const run = (...args: readonly string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`)
  }
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  run('req', '-x509', ...fresh, '-subj', `/CN=${name}`, '-keyout', key, '-out', cert, '-days', '2')
  return {
    cert,
    /** `subject` in openssl's form: `/O=Corp/CN=deploy`. */
    sign(file: string, subject: string, days = '2', names: readonly string[] = []): Certificate {
      const [request, mine, out] = [`${file}.csr`, `${file}.key`, `${file}.pem`]
      const extensions = join(folder, `${file}.ext`)
      const also = names.map((name) => `,DNS:${name}`).join('')
      writeFileSync(extensions, `subjectAltName=IP:127.0.0.1${also}\n`)
      run('req', ...fresh, '-subj', subject, '-keyout', mine, '-out', request)
      const signer = ['-CA', cert, '-CAkey', key, '-CAcreateserial']
      run('x509', '-req', '-in', request, ...signer, '-days', days, '-extfile', extensions, '-out', out)
      return { cert: join(folder, out), key: join(folder, mine) }
    },
  }
}
