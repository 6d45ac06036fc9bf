// The last step of a build: what has no source any more is removed, the gateway and the program become few files, and
// the program can be run.
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const src = fileURLToPath(new URL('../src', import.meta.url))

// A start would load three hundred modules, a command that compiles four hundred, and to find and open them one by one
// takes longer than all else that they do. So they are put together, with the packages that each of them needs; others stay
// where they are, and some of them bring machine code.
const isPath = (id) => id.startsWith('.') || isAbsolute(id)

/** Writes these modules in few files; gives their names. */
async function together({ input, needed, parts, plugins = [] }) {
  const bundle = await rolldown({
    input,
    platform: 'node',
    plugins,
    external: (id, importer) => !isPath(id) && !needed.includes(id) && !importer?.includes('node_modules'),
  })
  const { output } = await bundle.write({ dir: dist, format: 'esm', chunkFileNames: `${parts}/part-[name].js` })
  await bundle.close()
  writeFileSync(join(dist, parts, 'LICENSES.txt'), licenses(output.flatMap((chunk) => chunk.moduleIds ?? [])))
  return output.map(({ fileName }) => fileName)
}

// The gateway, its log, and the threads that build graphs and compute hashes for it.
const gateway = {
  'gateway/gateway': join(dist, 'gateway/gateway.js'),
  'gateway/flat-foreman': join(dist, 'graph/flat-foreman.js'),
  'gateway/flat-worker': join(dist, 'graph/flat-worker.js'),
  'gateway/sha-crypt-worker': join(dist, 'credentials/passwords/sha-crypt-worker.js'),
  'admin/log': join(dist, 'admin/log.js'),
}
const made = new Set([
  ...(await together({ input: gateway, needed: ['dns2', 'pino'], parts: 'gateway' })),
  // The program, each command loaded when it runs. It starts the gateway from the files above.
  ...(await together({
    input: { 'cli/main': join(dist, 'cli/main.js') },
    needed: ['commander', 'dns2', 'ipaddr.js', 'picocolors', 'yaml', 'zod'],
    parts: 'cli',
    plugins: [{ name: 'own place', resolveId: gatewayApart, transform: ownPlace }],
  })),
])

/** All parts lie one folder below `dist`, and so do these two. */
function gatewayApart(id, importer) {
  if (!id.startsWith('.')) return null
  const file = relative(dist, resolve(dirname(importer), id))
  return ['gateway/gateway.js', 'admin/log.js'].includes(file) ? { id: `../${file}`, external: true } : null
}

/** A module that looks for a file beside itself finds it still. */
function ownPlace(code, id) {
  if (!id.startsWith(dist) || !code.includes('import.meta.url')) return null
  const from = JSON.stringify(`../${relative(dist, id)}`)
  return { code: code.replaceAll('import.meta.url', `new URL(${from}, import.meta.url).href`), map: null }
}

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
