// The last step of a build: what has no source any more is removed, the gateway becomes few files, and the program can
// be run.
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const src = fileURLToPath(new URL('../src', import.meta.url))

// A start would load three hundred modules, and to find and open them one by one takes longer than all else that it does.
// So the gateway, its log, and the threads that build graphs and compute hashes for it are put together, with the packages
// that each start needs; others stay where they are, and some of them bring machine code.
const needed = ['dns2', 'pino']
const isPath = (id) => id.startsWith('.') || isAbsolute(id)
const bundle = await rolldown({
  input: {
    'gateway/gateway': join(dist, 'gateway/gateway.js'),
    'gateway/flat-worker': join(dist, 'graph/flat-worker.js'),
    'gateway/sha-crypt-worker': join(dist, 'credentials/passwords/sha-crypt-worker.js'),
    'admin/log': join(dist, 'admin/log.js'),
  },
  platform: 'node',
  external: (id, importer) => !isPath(id) && !needed.includes(id) && !importer?.includes('node_modules'),
})
const { output } = await bundle.write({ dir: dist, format: 'esm', chunkFileNames: 'gateway/part-[name].js' })
await bundle.close()
const made = new Set(output.map(({ fileName }) => fileName))
writeFileSync(join(dist, 'gateway/LICENSES.txt'), licenses(output.flatMap((chunk) => chunk.moduleIds ?? [])))

for (const name of readdirSync(dist, { recursive: true })) {
  const built = /^(.*?)(?:\.d)?\.(?:js|ts)$/.exec(name)
  if (built !== null && !made.has(name) && !existsSync(join(src, `${built[1]}.ts`))) rmSync(join(dist, name))
}

const main = join(dist, 'cli', 'main.js')
const [first] = readFileSync(main, 'utf8').split('\n')
if (first !== '#!/usr/bin/env node') throw new Error(`${main}: expected "#!/usr/bin/env node" first, got ${first}`)
chmodSync(main, 0o755)

/** The licences of the packages whose modules these are. */
function licenses(modules) {
  const names = modules.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [])
  const texts = [...new Set(names)].sort().map((name) => {
    const folder = fileURLToPath(new URL(`../node_modules/${name}`, import.meta.url))
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()
    return `${name} ${version} (${license})\n\n${text}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}
