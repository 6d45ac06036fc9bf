// The last step of a build: what has no source any more is removed, and the program can be run.
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const src = fileURLToPath(new URL('../src', import.meta.url))

for (const name of readdirSync(dist, { recursive: true })) {
  const built = /^(.*?)(?:\.d)?\.(?:js|ts)$/.exec(name)
  if (built !== null && !existsSync(join(src, `${built[1]}.ts`))) rmSync(join(dist, name))
}

const main = join(dist, 'cli', 'main.js')
const [first] = readFileSync(main, 'utf8').split('\n')
if (first !== '#!/usr/bin/env node') throw new Error(`${main}: expected "#!/usr/bin/env node" first, got ${first}`)
chmodSync(main, 0o755)
