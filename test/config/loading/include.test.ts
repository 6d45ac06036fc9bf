import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadSource } from '../../../src/config/load-source.ts'
import { issues, loaded, refusal, textAt, written } from './written.ts'

describe('include is the union of disjoint keys', () => {
  test('of documents in any surface, with each part found in its file', async () => {
    const source = await loaded({
      'd.yaml': 'include: [dnsbl.yaml, more/relays.json, routes.ts]\nhostname: gw\nrelays:\n  isp: { hosts: a }\n',
      'dnsbl.yaml': 'dnsbl: [zen]\n',
      'more/relays.json': '{"relays": {"bart": {"hosts": "b"}}}',
      'routes.ts': "import { via } from 'mailgw'\nexport default { localMx: { '*': via('isp') } }",
    })
    expect(source.value).toEqual({
      hostname: 'gw',
      relays: { isp: { hosts: 'a' }, bart: { hosts: 'b' } },
      dnsbl: ['zen'],
      localMx: { '*': { relay: 'isp' } },
    })
    const { positions } = source
    expect(textAt(positions.value(['dnsbl', 0])!)).toBe('zen')
    expect(textAt(positions.key(['relays', 'bart'])!)).toBe('"bart"')
    expect(textAt(positions.value(['localMx', '*', 'relay'])!)).toBe("'isp'")
    expect(source.files.map((file) => file.replace(/.*mailgw-test-[^/]*\//, ''))).toEqual([
      'd.yaml',
      'dnsbl.yaml',
      'more/relays.json',
      'routes.ts',
    ])
  })

  test('of includes of includes, relative to each file, and a single name needs no list', async () => {
    const files = { 'd.yaml': 'include: sub/a.yaml\nx: 1', 'sub/a.yaml': 'include: b.yaml\ny: 1', 'sub/b.yaml': 'z: 1' }
    expect((await loaded(files)).value).toEqual({ x: 1, y: 1, z: 1 })
  })

  test('the same apiVersion and any $schema may be repeated', async () => {
    const head = 'apiVersion: mailgw/1\n$schema: ./x.json\n'
    const files = { 'd.yaml': `${head}include: a.yaml`, 'a.yaml': `${head}x: 1` }
    expect((await loaded(files)).value).toEqual({ apiVersion: 'mailgw/1', $schema: './x.json', x: 1 })
  })
})

describe('include is refused', () => {
  const cases: readonly {
    readonly name: string
    readonly files: Record<string, string>
    readonly want: readonly string[]
  }[] = [
    {
      name: 'a key of two files, with the first place beside it',
      files: { 'd.yaml': 'include: a.yaml\nhostname: x', 'a.yaml': 'hostname: y' },
      want: ['MG1064 a.yaml:1:1 hostname'],
    },
    {
      name: 'an entry of a section in two files: half a relay here and half there',
      files: { 'd.yaml': 'include: a.yaml\nrelays: { isp: { hosts: x } }', 'a.yaml': 'relays:\n  isp: { tls: may }' },
      want: ['MG1064 a.yaml:2:3 isp'],
    },
    {
      name: 'two lists, which are not joined',
      files: { 'd.yaml': 'include: a.yaml\ndeny: [a]', 'a.yaml': 'deny: [b]' },
      want: ['MG1064 a.yaml:1:1 deny'],
    },
    {
      name: 'another apiVersion',
      files: { 'd.yaml': 'include: a.yaml\napiVersion: a', 'a.yaml': 'apiVersion: b' },
      want: ['MG1064 a.yaml:1:1 apiVersion'],
    },
    {
      name: 'a file that is missing',
      files: { 'd.yaml': 'include: [gone.yaml]' },
      want: ['MG1061 d.yaml:1:11 gone.yaml'],
    },
    { name: 'an empty file', files: { 'd.yaml': 'include: [a.yaml]', 'a.yaml': '' }, want: ['MG1004 a.yaml:1:1 '] },
    { name: 'no text', files: { 'd.yaml': 'include: [1, a.yaml]', 'a.yaml': 'x: 1' }, want: ['MG1060 d.yaml:1:11 1'] },
    { name: 'a mapping', files: { 'd.yaml': 'include: { a: b }' }, want: ['MG1060 d.yaml:1:10 { a: b }'] },
    { name: 'itself', files: { 'd.yaml': 'include: d.yaml' }, want: ['MG1062 d.yaml:1:10 d.yaml'] },
    {
      name: 'a circle',
      files: { 'd.yaml': 'include: a.yaml', 'a.yaml': 'x: 1\ninclude: sub/../d.yaml' },
      want: ['MG1062 a.yaml:2:10 sub/../d.yaml'],
    },
    {
      name: 'a file twice',
      files: { 'd.yaml': 'include: [a.yaml, b.yaml]', 'a.yaml': 'x: 1', 'b.yaml': 'include: a.yaml' },
      want: ['MG1064 b.yaml:1:10 a.yaml'],
    },
    {
      name: 'a file out of the repository',
      files: { 'd.yaml': 'include: ../a.yaml' },
      want: ['MG1065 d.yaml:1:10 ../a.yaml'],
    },
    { name: 'an absolute path', files: { 'd.yaml': 'include: /etc/a.yaml' }, want: ['MG1065 d.yaml:1:10 /etc/a.yaml'] },
    {
      name: 'an ending that is no document',
      files: { 'd.yaml': 'include: a.txt', 'a.txt': 'x: 1' },
      want: ['MG1006 d.yaml:1:10 a.txt'],
    },
    {
      name: 'all mistakes of all files at once',
      files: { 'd.yaml': 'include: [a.yaml, b.yaml]', 'a.yaml': 'x: .inf', 'b.yaml': 'y: 1\ny: 2' },
      want: ['MG1016 a.yaml:1:4 .inf', 'MG1023 b.yaml:2:1 y'],
    },
  ]
  for (const { name, files, want } of cases) {
    test(name, async () => expect(await issues(files)).toEqual(want))
  }

  test('with the place where a key was written first', async () => {
    const [conflict] = await refusal(loaded({ 'd.yaml': 'include: a.yaml\nhostname: x', 'a.yaml': 'hostname: y' }))
    expect(conflict!.related).toMatchObject([{ message: 'first written here', position: { line: 2, column: 1 } }])
    expect(conflict!.path).toBe('hostname')
  })

  test('more than ten deep', async () => {
    const files: Record<string, string> = { 'f0.yaml': 'include: f1.yaml' }
    for (let i = 1; i < 12; i++) files[`f${i}.yaml`] = `include: f${i + 1}.yaml`
    expect(await issues(files)).toEqual(['MG1063 f9.yaml:1:10 f10.yaml'])
  })

  test('a link that leads out of the repository', async () => {
    const outside = written({ 'a.yaml': 'x: 1' })
    const folder = written({ 'd.yaml': 'include: a.yaml' })
    symlinkSync(join(outside, 'a.yaml'), join(folder, 'a.yaml'))
    expect((await refusal(loadSource(join(folder, 'd.yaml'), { env: null })))[0]!.code).toBe('MG1065')
  })
})
