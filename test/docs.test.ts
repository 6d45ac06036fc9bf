import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { commands } from '../src/cli/commands.ts'
import { program } from '../src/cli/program.ts'
import { cliReference } from '../src/cli/reference.ts'
import { tempFolder } from './support/peer.ts'

const root = join(import.meta.dirname, '..')
const read = (name: string): string => readFileSync(join(root, name), 'utf8')

/** What git keeps, or would: nothing that is ignored. */
const files = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .stdout.split('\n')
  .filter((name) => name !== '' && existsSync(join(root, name)))
const pages = files.filter((name) => name.endsWith('.md'))

/** The fenced blocks of a page. */
const codeOf = (page: string): string =>
  [...read(page).matchAll(/^```[a-z]*\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join('')

async function help(...args: readonly string[]): Promise<string> {
  let text = ''
  const out = (more: string) => {
    text += more
  }
  await program([...args, '--help'], '0.0.0', { out, err: out, color: false, errColor: false })
  return text
}

/** The name of a command, and the same with each other word for its last one. */
const namesOf = ({ name, aliases = [] }: (typeof commands)[number]): string[] => [
  name,
  ...aliases.map((alias) => name.replace(/\S+$/, alias)),
]

describe('commands', () => {
  test('docs/cli.md is made of the table of commands (npx vitest run test/docs.test.ts -u writes it)', async () => {
    await expect(cliReference()).toMatchFileSnapshot('../docs/cli.md')
  })

  test.each(commands.map(({ name }) => name))('mailgw %s --help says what docs/cli.md says', async (name) => {
    const entry = commands.find((one) => one.name === name)!
    const text = (await help(...name.split(' '))).replace(/\s+/g, ' ')
    for (const [flags, description] of entry.options) {
      expect(text).toContain(flags)
      expect(text).toContain(description.replace(/\s+/g, ' '))
    }
    expect(text).toContain(entry.details.replace(/\s+/g, ' '))
  })

  test('every command line in a page names a command and options that exist', () => {
    const wrong: string[] = []
    for (const page of pages) {
      for (const [line] of codeOf(page).matchAll(/^(?:\$ )?(?:npx )?mailgw [a-z].*$/gm)) {
        const words = line.replace(/^(?:\$ )?(?:npx )?mailgw /, '').split(/\s+/)
        const entry = commands.find((one) =>
          namesOf(one).some((name) => name === words.slice(0, name.split(' ').length).join(' ')),
        )
        if (entry === undefined) wrong.push(`${page}: ${line}`)
        const known = entry?.options.flatMap(([flags]) => flags.match(/--?[a-z-]+/g) ?? []) ?? []
        for (const word of words.filter((one) => /^--?[a-z]/.test(one))) {
          if (!known.includes(word.split('=')[0]!)) wrong.push(`${page}: ${line}: ${word}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })
})

describe('the README', () => {
  const text = read('README.md')
  const [document] = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block!)
  const consoles = [...text.matchAll(/^```console\n\$ (mailgw .*)\n([\s\S]*?)^```$/gm)]

  test.each(consoles.map(([, line, output], i) => ({ line: line!, output: output!, i })))(
    'what $line prints is what it shows ($i)',
    ({ line, output, i }) => {
      const folder = tempFolder()
      // The second one is the document with its mistake.
      const content = i === 1 ? document!.replace("via('isp')", "via('ips')") : document!
      const changed = content.replace("host('bart.corp.example', 26)", "host('lisa.corp.example')")
      const isPlan = line.startsWith('mailgw plan ')
      if (isPlan) writeFileSync(join(folder, 'before.config.ts'), content)
      writeFileSync(join(folder, 'mailgw.config.ts'), isPlan ? changed : content)
      const ran = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), ...line.split(' ').slice(1)], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1' },
      })
      // 2: decisions change and all proofs hold.
      expect(ran.status === 2).toBe(isPlan)
      expect((ran.status === 1 ? ran.stderr : ran.stdout).trimEnd()).toBe(output.trimEnd())
    },
  )

  test('its four examples are there, and its table names the folders of src', () => {
    expect(consoles).toHaveLength(4)
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && readdirSync(join(root, 'src', entry.name)).length > 0)
      .map(({ name }) => name)
    const named = [...text.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name!)
    expect(named.sort()).toEqual(folders.sort())
  })
})

describe('pages', () => {
  test('links between pages lead somewhere', () => {
    const dead: string[] = []
    for (const page of pages) {
      for (const [, to = ''] of read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(to)) continue
        if (!existsSync(join(root, dirname(page), to))) dead.push(`${page}: ${to}`)
      }
    }
    expect(dead).toEqual([])
  })

  test('files that pages name are there', () => {
    const missing: string[] = []
    for (const page of pages) {
      for (const [, name = ''] of read(page).matchAll(
        /`((?:src|test|bench|docs|examples|schemas|scripts)\/[\w./-]*)`/g,
      )) {
        if (!existsSync(join(root, name))) missing.push(`${page}: ${name}`)
      }
    }
    expect(missing).toEqual([])
  })

  test('docs/rfc.md names a file for each RFC that is held in whole or in part', () => {
    const rows = read('docs/rfc.md')
      .split('\n')
      .filter((line) => /^\| *(?:\[?RFC )?\d{3,4}/.test(line))
    expect(rows.length).toBeGreaterThan(20)
    const without = rows.filter(
      (row) =>
        /\| *(?:yes|partial)/.test(row) && !/`(?:src|test)\//.test(row) && !/`[\w-]+(?:\/[\w.-]+)*(?:\.ts)?`/.test(row),
    )
    expect(without).toEqual([])
  })

  test('every event that the code logs stands in docs/log.md, and none that it does not', () => {
    const known = new Set([...read('docs/log.md').matchAll(/^\| `([a-z-]+\.[a-z-]+)`/gm)].map(([, event]) => event!))
    expect([...known].sort()).toEqual([...loggedEvents()].sort())
  })
})

/** Texts of the form of an event whose first half is that of an event which is logged: conditions and functions choose some. */
function loggedEvents(): Set<string> {
  const texts = new Set<string>()
  const families = new Set<string>()
  for (const name of files.filter((one) => /^src\/(?!config).*\.ts$/.test(one))) {
    const visit = (node: ts.Node): void => {
      if (ts.isStringLiteral(node) && /^[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*$/.test(node.text)) {
        const { parent } = node
        const isLogged =
          ts.isCallExpression(parent) && /\blog\.(?:debug|info|warn|error)$/.test(parent.expression.getText())
        if (isLogged) families.add(node.text.split('.')[0]!)
        if (isLogged || !/\.(?:sock|mgw|flat|tmp|ndjson|key|js|ts)$/.test(node.text)) texts.add(node.text)
      }
      ts.forEachChild(node, visit)
    }
    visit(ts.createSourceFile(name, read(name), ts.ScriptTarget.Latest, true))
  }
  families.add('delivery')
  return new Set([...texts].filter((text) => families.has(text.split('.')[0]!)))
}

describe('the repository', () => {
  const texts = files.filter((name) => !/package-lock\.json$|\.(?:png|ico|pem)$/.test(name))

  test('names no folder of the machine that it was written on', () => {
    const roots = ['work', 'workspace', 'Users'].join('|')
    const own = new RegExp(`(?:^|[\\s"'\`(=])/(?:${roots})/[a-z]`)
    const found = texts.flatMap((name) =>
      read(name)
        .split('\n')
        .flatMap((line, i) => (own.test(line) ? [`${name}:${i + 1}: ${line.trim()}`] : [])),
    )
    expect(found).toEqual([])
  })

  test('has no unfinished words in its code', () => {
    const words = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`)
    const code = texts.filter((name) => /^(?:src|test|bench|scripts)\//.test(name))
    expect(code.filter((name) => words.test(read(name)))).toEqual([])
  })

  test('its lock file names packages and versions, and no place to take them from', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { resolved?: string }> }
    expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([])
  })
})
