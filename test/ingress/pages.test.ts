import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commands, httpVerbs } from '../../src/ingress/commands/table.ts'

const root = join(import.meta.dirname, '../..')
const page = (name: string) => readFileSync(join(root, 'docs', name), 'utf8')

test('docs/smtp.md names every command', () => {
  const table = page('smtp.md').split('## Commands')[1]!.split('\n## ')[0]!
  for (const verb of commands.keys()) expect(table).toMatch(new RegExp(`\\b${verb}\\b`))
  expect([...httpVerbs]).toContain('GET')
})

test('docs/smtp.md lists the extensions that EHLO lists', () => {
  const source = readFileSync(join(root, 'src/ingress/commands/hello.ts'), 'utf8')
  const offered = /\$\{hostname\}\\n(.*)`/
    .exec(source)![1]!
    // What depends on the line is in the sentence behind.
    .replace(/(?:\$\{\w+\}){2,}\\n/, '\\n')
    .split('\\n')
    .map((line) => line.split(' ')[0]!)
  const listed = /^Extensions: ([^.]*)\./m.exec(page('smtp.md'))![1]!.split(', ')
  expect(listed).toEqual(offered)
  expect(page('smtp.md')).toContain('Where the line allows it also STARTTLS, AUTH and XCLIENT.')
})

test('every file that docs/rfc.md and docs/smtp.md name is there', () => {
  const named = [...`${page('rfc.md')}${page('smtp.md')}`.matchAll(/`((?:src|test)\/[\w/.-]+)`/g)].map(
    (match) => match[1]!,
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([])
})
