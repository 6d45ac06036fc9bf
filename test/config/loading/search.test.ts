import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { findDocument } from '../../../src/config/search.ts'
import { refusal, written } from './written.ts'

const home = process.cwd()
afterEach(() => process.chdir(home))

const codes = async (action: Promise<unknown>) =>
  (await refusal(action)).map(({ code, message }) => `${code} ${message}`)

describe('a document is found by its name', () => {
  for (const name of ['ts', 'mts', 'yaml', 'yml', 'json'].map((ending) => `mailgw.config.${ending}`)) {
    test(name, async () => {
      const folder = written({ [name]: 'hostname: x' })
      expect(await findDocument({ cwd: folder })).toBe(join(folder, name))
    })
  }

  test('in a folder above, inside of one repository', async () => {
    const folder = written({ '.git/HEAD': '', 'mailgw.config.yaml': 'a: 1', 'a/b/c.txt': '' })
    expect(await findDocument({ cwd: join(folder, 'a/b') })).toBe(join(folder, 'mailgw.config.yaml'))
  })

  test('the nearest one counts', async () => {
    const folder = written({ '.git/HEAD': '', 'mailgw.config.yaml': 'a: 1', 'a/mailgw.config.json': '{}' })
    expect(await findDocument({ cwd: join(folder, 'a') })).toBe(join(folder, 'a/mailgw.config.json'))
  })

  test('but never above the repository, where anybody could have left one', async () => {
    const folder = written({ 'mailgw.config.yaml': 'a: 1', 'repo/.git/HEAD': '', 'repo/a/x': '' })
    const [issue] = await codes(findDocument({ cwd: join(folder, 'repo/a') }))
    expect(issue).toMatch(/^MG1001 no document in .*repo\/a and above it up to .*repo: looked for mailgw\.config\.ts/)
  })

  test('and outside of a repository in the one folder only', async () => {
    const folder = written({ 'mailgw.config.yaml': 'a: 1', 'a/x': '' })
    expect((await refusal(findDocument({ cwd: join(folder, 'a') })))[0]!.code).toBe('MG1001')
  })

  test('not in package.json', async () => {
    const folder = written({ 'package.json': '{"mailgw":{"hostname":"x"}}', '.mailgwrc': 'hostname: x' })
    process.chdir(folder)
    expect((await refusal(findDocument({ cwd: folder })))[0]!.code).toBe('MG1001')
  })

  test('a named file is taken, whatever its name and the search', async () => {
    const folder = written({ 'gate.yaml': 'a: 1', 'mailgw.config.ts': 'x', 'mailgw.config.yaml': 'x' })
    expect(await findDocument({ cwd: folder, file: 'gate.yaml' })).toBe(join(folder, 'gate.yaml'))
  })
})

describe('a search that cannot be trusted is refused', () => {
  test('two documents in one folder, both named', async () => {
    const folder = written({ 'mailgw.config.ts': 'x', 'mailgw.config.yaml': 'x' })
    const [issue] = await codes(findDocument({ cwd: folder }))
    expect(issue).toContain('MG1002')
    expect(issue).toContain(join(folder, 'mailgw.config.ts'))
    expect(issue).toContain(join(folder, 'mailgw.config.yaml'))
  })

  test('an empty document is not passed over', async () => {
    const folder = written({ '.git/HEAD': '', 'mailgw.config.yaml': 'a: 1', 'a/mailgw.config.yaml': ' \n' })
    expect(await codes(findDocument({ cwd: join(folder, 'a') }))).toEqual(['MG1004 the document is empty'])
  })

  test('a folder in place of a document is not passed over', async () => {
    const folder = written({ '.git/HEAD': '', 'mailgw.config.yaml': 'a: 1', 'a/x': '' })
    mkdirSync(join(folder, 'a/mailgw.config.yaml'))
    const [issue] = await codes(findDocument({ cwd: join(folder, 'a') }))
    expect(issue).toMatch(/^MG1003 cannot read .*: it is a folder$/)
  })

  test('a link that leads nowhere is not passed over', async () => {
    const folder = written({ '.git/HEAD': '', 'mailgw.config.yaml': 'a: 1', 'a/x': '' })
    symlinkSync('gone.yaml', join(folder, 'a/mailgw.config.yaml'))
    const [issue] = await codes(findDocument({ cwd: join(folder, 'a') }))
    expect(issue).toMatch(/^MG1003 cannot read .*: there is no such file$/)
  })

  test('a document without permission to read is not passed over', async () => {
    const folder = written({ '.git/HEAD': '', 'mailgw.config.yaml': 'a: 1', 'a/mailgw.config.yaml': 'b: 1' })
    chmodSync(folder, 0o755)
    chmodSync(join(folder, 'a/mailgw.config.yaml'), 0)
    const root = process.getuid!() === 0
    // Root may read everything; so the search runs as nobody.
    if (root) process.seteuid!(65534)
    try {
      const [issue] = await codes(findDocument({ cwd: join(folder, 'a') }))
      expect(issue).toMatch(/^MG1003 cannot read .*: permission denied$/)
    } finally {
      if (root) process.seteuid!(0)
    }
  })

  const redirect = { cosmiconfig: { searchPlaces: ['elsewhere/mailgw.config.yaml'], mergeSearchPlaces: false } }
  for (const [name, content] of [
    ['.config/config.json', JSON.stringify(redirect)],
    ['.config/config.yaml', JSON.stringify(redirect)],
  ] as const) {
    test(`settings of cosmiconfig in ${name} that lead to another document`, async () => {
      const folder = written({ [name]: content, 'elsewhere/mailgw.config.yaml': 'a: 1', 'mailgw.config.yaml': 'a: 1' })
      process.chdir(folder)
      const [issue] = await codes(findDocument({ cwd: folder }))
      expect(issue).toMatch(/^MG1005 the search for a document was redirected to .*elsewhere/)
    })
  }

  test('a package.json with other settings does no harm', async () => {
    const folder = written({
      'package.json': JSON.stringify({ ...redirect, mailgw: {} }),
      'mailgw.config.yaml': 'a: 1',
    })
    process.chdir(folder)
    expect(await findDocument({ cwd: folder })).toBe(join(folder, 'mailgw.config.yaml'))
  })

  test('settings of cosmiconfig that lead to a document where there is none', async () => {
    const folder = written({ '.config/config.json': JSON.stringify(redirect), 'elsewhere/mailgw.config.yaml': 'a: 1' })
    process.chdir(folder)
    expect((await refusal(findDocument({ cwd: folder })))[0]!.code).toBe('MG1005')
  })

  test('settings of cosmiconfig that hide the document', async () => {
    const nowhere = { cosmiconfig: { searchPlaces: ['nowhere.json'], mergeSearchPlaces: false } }
    const folder = written({ '.config/config.json': JSON.stringify(nowhere), 'mailgw.config.yaml': 'a: 1' })
    process.chdir(folder)
    const [issue] = await codes(findDocument({ cwd: folder }))
    expect(issue).toMatch(/^MG1005 the search for a document was redirected to nowhere/)
  })

  for (const ending of ['js', 'ts', 'cjs', 'mjs']) {
    test(`settings of cosmiconfig in .config/config.${ending}, which it would run in this process`, async () => {
      const folder = written({
        [`.config/config.${ending}`]: 'globalThis.searchRanCode = true',
        'mailgw.config.yaml': 'a: 1',
      })
      process.chdir(folder)
      expect((await refusal(findDocument({ cwd: folder })))[0]!.code).toBe('MG1005')
      expect('searchRanCode' in globalThis).toBe(false)
      // Naming the document needs no search.
      expect(await findDocument({ cwd: folder, file: 'mailgw.config.yaml' })).toContain('mailgw.config.yaml')
    })
  }

  test('settings that cosmiconfig itself cannot read', async () => {
    const folder = written({ 'package.json': '{', 'mailgw.config.yaml': 'a: 1' })
    process.chdir(folder)
    expect((await refusal(findDocument({ cwd: folder })))[0]!.code).toBe('MG1005')
  })
})

test('a named document that is missing gives one message', async () => {
  const folder = written({ 'x.txt': '' })
  expect(await codes(findDocument({ cwd: folder, file: 'gone.ts' }))).toEqual([
    'MG1003 cannot read the document gone.ts: there is no such file',
  ])
})
