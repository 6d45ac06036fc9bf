import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadSource } from '../../../src/config/load-source.ts'
import { evaluateScript } from '../../../src/config/typescript.ts'
import { readableParts } from '../../../src/config/typescript-grants.ts'
import { loaded, refusal, written } from './written.ts'

/** How a stranger's pull request would get at modules that the guards of the document refuse by name. */
const builtin = (name: string) => `const load = require\nconst module = load('node:${name}')\n`

describe('code of a document may not', () => {
  const attempts = [
    ['read outside of its repository', 'fs', "module.readFileSync('/etc/passwd', 'utf8')"],
    ['list a folder outside', 'fs', "module.readdirSync('/etc')"],
    ['write', 'fs', "module.writeFileSync(__dirname + '/written.txt', 'x')"],
    ['start a program', 'child_process', "module.execSync('id')"],
    ['start a thread', 'worker_threads', "new module.Worker('1', { eval: true })"],
    ['load native code', 'process', "module.dlopen({ exports: {} }, '/lib/x86_64-linux-gnu/libc.so.6')"],
  ] as const
  for (const [name, from, code] of attempts) {
    test(name, async () => {
      const folder = written({ 'd.ts': `${builtin(from)}export default { a: String(${code}) }` })
      const [diagnostic] = await refusal(loadSource(join(folder, 'd.ts'), { env: null }))
      expect(diagnostic!.code).toMatch(/^MG10(41|45|50)$/)
      expect(diagnostic!.position!.line).toBeGreaterThan(1)
      expect(existsSync(join(folder, 'written.txt'))).toBe(false)
    })
  }

  test('read the credentials in .git and .env of its repository', async () => {
    for (const secret of ['.git/config', '.env']) {
      const folder = written({
        '.git/config': 'token',
        '.env': 'token',
        'd.ts': `${builtin('fs')}export default { a: module.readFileSync(__dirname + '/${secret}', 'utf8') }`,
      })
      const [diagnostic] = await refusal(loadSource(join(folder, 'd.ts'), { env: null }))
      expect(diagnostic!.code).toBe('MG1050')
    }
  })

  test('read through a symbolic link that leads out of its repository', async () => {
    const outside = written({ 'secret.txt': 'token', 'deep/secret.json': '{"token":1}' })
    const folder = written({
      'd.ts': `${builtin('fs')}export default { a: module.readFileSync(__dirname + '/sub/link', 'utf8') }`,
      'e.ts': "import x from './sub/link.json'\nexport default x",
      'sub/other.txt': 'x',
    })
    symlinkSync(join(outside, 'secret.txt'), join(folder, 'sub/link'))
    symlinkSync(join(outside, 'deep/secret.json'), join(folder, 'sub/link.json'))
    expect((await refusal(loadSource(join(folder, 'd.ts'), { env: null })))[0]!.code).toBe('MG1050')
    const [imported] = await refusal(loadSource(join(folder, 'e.ts'), { env: null }))
    expect(imported!.code).toBe('MG1046')
    expect(JSON.stringify(imported)).not.toContain('token')
  })

  test('see the environment by any way', async () => {
    process.env['MAILGW_TEST_TOKEN'] = 'token'
    const text = `${builtin('fs')}let found = ''
try { found = module.readFileSync('/proc/self/environ', 'utf8') } catch {}
export default { found }`
    expect((await loaded({ 'd.ts': text })).value).toEqual({ found: '' })
  })

  test('end the process or claim its own answer', async () => {
    const [ended] = await refusal(loaded({ 'd.ts': 'process.exit(0)\nexport default {}' }))
    expect(ended).toMatchObject({ code: 'MG1045', position: { line: 1 } })
  })
})

test('a document that never ends is stopped', async () => {
  const folder = written({ 'd.ts': 'for (;;) {}' })
  const { problems } = await evaluateScript(join(folder, 'd.ts'), { root: folder, allowEnv: [], wallMs: 1500 })
  expect(problems).toMatchObject([{ code: 'MG1048', position: { line: 1 } }])
})

test('a document that waits for nothing is told so', async () => {
  const [diagnostic] = await refusal(loaded({ 'd.ts': 'export default await new Promise(() => {})' }))
  expect(diagnostic).toMatchObject({ code: 'MG1048' })
})

test('a document that eats all memory is stopped', async () => {
  const folder = written({ 'd.ts': 'const a: unknown[] = []\nfor (;;) a.push(Array(1e5).fill(0))' })
  const { problems } = await evaluateScript(join(folder, 'd.ts'), { root: folder, allowEnv: [], memoryMb: 96 })
  expect(problems).toMatchObject([{ code: 'MG1049' }])
  expect(problems[0]!.message).toContain('96 MB')
})

test('what may be read leaves out hidden entries at the top and links that lead out', () => {
  const outside = written({ 'x.txt': '' })
  const folder = written({
    '.git/config': '',
    '.env': '',
    'a/b/c.ts': '',
    'a/b/.hidden': '',
    'd/e.ts': '',
    'f.ts': '',
    'g,h.ts': '',
  })
  symlinkSync(outside, join(folder, 'a/b/out'))
  symlinkSync('../d', join(folder, 'a/in'))
  const names = readableParts(folder, folder).map((part) => part.slice(folder.length + 1))
  expect(names.sort()).toEqual(['a/b/.hidden', 'a/b/c.ts', 'a/in', 'd/*', 'f.ts'].sort())
})

test('a document in a hidden folder of its repository can be read', async () => {
  const folder = written({
    '.git/config': 'x',
    '.mail/d.ts': "import { x } from './x.ts'\nexport default { x }",
    '.mail/x.ts': 'export const x = 1',
  })
  writeFileSync(join(folder, '.env'), 'x')
  expect((await loadSource(join(folder, '.mail/d.ts'), { env: null })).value).toEqual({ x: 1 })
})
