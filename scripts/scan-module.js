// The WebAssembly text src/smtp/scan.wat as the octets that src/smtp/scan-module.ts carries.
import { readFileSync } from 'node:fs'
import wabt from 'wabt'

/** The text of src/smtp/scan-module.ts. */
export async function scanModule() {
  const source = readFileSync(new URL('../src/smtp/scan.wat', import.meta.url), 'utf8')
  const { buffer } = (await wabt()).parseWat('scan.wat', source, { simd: true }).toBinary({})
  const lines = Buffer.from(buffer)
    .toString('base64')
    .match(/.{1,110}/g)
    .map((line) => `  '${line}',`)
  return `/** \`scan.wat\`, assembled by \`npm run schema\`; a test compares the two. */
export const scanModule: readonly string[] = [
${lines.join('\n')}
]
`
}
