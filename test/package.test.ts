import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { site } from './end-to-end/site.ts'
import { startGateway } from './support/gateway.ts'
import { freePort, tempFolder } from './support/peer.ts'

const root = join(import.meta.dirname, '..')

function npm(cwd: string, ...args: readonly string[]): string {
  const ran = spawnSync('npm', [...args], { cwd, encoding: 'utf8' })
  expect(ran.status, `npm ${args.join(' ')}: ${ran.stdout}${ran.stderr}`).toBe(0)
  return ran.stdout
}

test('the package, installed elsewhere, has all that it needs to check and to serve a document', async () => {
  const folder = tempFolder()
  const [packed] = JSON.parse(npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder)) as [
    { filename: string; files: readonly { path: string }[] },
  ]
  const paths = packed.files.map(({ path }) => path)
  for (const wanted of [
    'dist/cli/main.js',
    'dist/index.d.ts',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'docs/config.md',
  ]) {
    expect(paths).toContain(wanted)
  }
  expect(
    paths.filter((path) => /^(src|test|bench|scripts)\/|\.tsx?$/.test(path) && !/^examples|\.d\.ts$/.test(path)),
  ).toEqual([])

  const elsewhere = join(folder, 'elsewhere')
  mkdirSync(elsewhere)
  writeFileSync(join(elsewhere, 'package.json'), '{"private":true,"type":"module"}')
  npm(
    elsewhere,
    'install',
    '--prefer-offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--omit=dev',
    join(folder, packed.filename),
  )

  const command = join(elsewhere, 'node_modules/.bin/mailgw')
  const run = (...args: readonly string[]) => spawnSync(command, args, { cwd: elsewhere, encoding: 'utf8' })
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(run('--version').stdout.trim()).toBe(version)

  // The document of the README, in TypeScript, importing the installed package.
  writeFileSync(join(elsewhere, 'mailgw.config.ts'), readFileSync(join(root, 'mailgw.config.ts')))
  const checked = run('check')
  expect(checked.status, checked.stderr).toBe(0)
  const graph = run('graph', '--json')
  expect(graph.status, graph.stderr).toBe(0)
  expect(JSON.parse(graph.stdout)).toMatchObject({ format: 'mailgw-graph/1' })

  const document = site({ port: await freePort(), localMx: {} })
  const gateway = await startGateway(document, { program: join(elsewhere, 'node_modules/mailgw/dist/cli/main.js') })
  expect((await gateway.status()).version).toBe(version)

  writeFileSync(
    join(elsewhere, 'mailgw.config.ts'),
    "import { defineConfig } from 'mailgw'\nexport default defineConfig({ nonsense: 1 } as never)\n",
  )
  expect(run('check').status).toBe(1)
}, 180_000)

test('the public API is the builders and the types, and loads without the rest', () => {
  const index = join(root, 'dist/index.js')
  expect(existsSync(index)).toBe(true)
  const loaded = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const api = await import(${JSON.stringify(`file://${index}`)}); console.log(Object.keys(api).sort().join())`,
    ],
    { encoding: 'utf8' },
  )
  expect(loaded.stdout.trim()).toBe(
    [
      'authOnlyOverTls,backoff,byEnv,bySender,catchAll,defineConfig,deliver,discard,env,everyLocalDomainHasTerminal',
      'except,exec,file,forAll,googleWorkspace,hold,host,hosts,microsoft365,mx,noDeadRules,noLoops,noOpenRelay',
      'noUnreachableRelay,nullSenderAcceptedForLocal,oraclesFailSafe,park,postmasterAndAbuseAccepted,reject,slow,suspend',
      'table,tag,textFile,tlsFloor,unchanged,unsafeOpenRelay,via,watched',
    ].join(),
  )
  expect(readdirSync(join(root, 'dist'))).toContain('index.d.ts')
})
