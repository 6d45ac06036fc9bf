// `npm run bench`: every measurement, one after the other, then what of it reached its bar.
//   npm run bench -- [--quick] [--only relay,idle,...]
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const bench = (name) => fileURLToPath(new URL(`../bench/${name}.js`, import.meta.url))
const quick = process.argv.includes('--quick')
const at = process.argv.indexOf('--only')
const all = [
  'relay',
  'idle',
  'start',
  'apply',
  'kill',
  'decisions',
  'plan',
  'prove',
  'spool',
  'queue',
  'replay',
  'evil',
]
const wanted = at < 0 ? all : (process.argv[at + 1] ?? '').split(',')
const unknown = wanted.filter((name) => !all.includes(name))
if (unknown.length > 0) throw new Error(`--only: expected some of ${all.join(', ')}, got ${unknown.join(', ')}`)

await run(fileURLToPath(new URL('setup.js', import.meta.url)), ['--test'])
const failed = []
for (const name of wanted) {
  if (!existsSync(bench(name))) throw new Error(`${bench(name)} is missing`)
  process.stdout.write(`\n## ${name}\n\n`)
  const code = await run(bench(name), quick ? ['--quick'] : [])
  if (code !== 0) failed.push(name)
}
process.stdout.write(
  failed.length === 0 ? '\nEvery measurement was taken.\n' : `\nNot measured: ${failed.join(', ')}.\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1

function run(file, args) {
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' })
  return new Promise((resolve) => child.once('close', resolve))
}
