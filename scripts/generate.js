// Writes what is made from the code: schemas/, docs/config.md, docs/cli.md and docs/features.md. Needs a build (`npm run build`); a test
// compares the files with the code.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { planJsonSchema } from '../dist/cli/plan/plan-schema.js'
import { proofsJsonSchema } from '../dist/cli/prove/proof-schema.js'
import { cliReference } from '../dist/cli/reference.js'
import { testReportJsonSchema } from '../dist/cli/test/report-schema.js'
import { editorSchema } from '../dist/config/schema-json.js'
import { configPage } from '../dist/config/schema-page.js'
import { featuresPage } from './features.js'
import { scanModule } from './scan-module.js'

const inRoot = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url))
for (const folder of ['schemas', 'docs']) mkdirSync(inRoot(folder), { recursive: true })

const files = {
  'schemas/mailgw.v1.schema.json': `${JSON.stringify(editorSchema(), null, 2)}\n`,
  'schemas/plan.v1.schema.json': `${JSON.stringify(planJsonSchema(), null, 2)}\n`,
  'schemas/proofs.v1.schema.json': `${JSON.stringify(proofsJsonSchema(), null, 2)}\n`,
  'schemas/test-report.v1.schema.json': `${JSON.stringify(testReportJsonSchema(), null, 2)}\n`,
  'docs/config.md': configPage(),
  'docs/cli.md': cliReference(),
  'docs/features.md': featuresPage(inRoot('')),
  'src/smtp/scan-module.ts': await scanModule(),
}
for (const [name, text] of Object.entries(files)) {
  writeFileSync(inRoot(name), text)
  console.log(`written: ${name}`)
}
