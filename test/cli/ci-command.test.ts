import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPlan } from '../../src/cli/plan/plan-file.ts'
import { type Repository, repository } from './repository.ts'
import { type Ran, runHere } from './run-here.ts'

const document = 'mailgw.config.yaml'
const yaml = `hostname: mail.corp.example
postmaster: ann@corp.example
listeners:
  smtp: { kind: mx, bind: 127.0.0.1:2525 }
trusted: [10.0.0.0/8]
domains: { corp.example: relay }
relaying: two-way
localMx:
  corp.example: bart.corp.example:26
  "*": mail.isp.example
`
const tests = `tests:
  - name: our mail goes to bart
    from: a@elsewhere.example
    to: ann@corp.example
    client: 203.0.113.1
    expect: hosts bart.corp.example:26
`

function site(files: Readonly<Record<string, string>> = {}): Repository {
  const repo = repository()
  repo.write(document, yaml)
  for (const [name, text] of Object.entries(files)) repo.write(name, text)
  repo.commit('first')
  return repo
}

const ci = ({ folder }: Repository, ...more: readonly string[]): Promise<Ran> =>
  runHere([
    'ci',
    '--config',
    join(folder, document),
    '--base',
    'HEAD',
    '--comment',
    join(folder, 'comment.md'),
    ...more,
  ])
const commentOf = ({ folder }: Repository): string => readFileSync(join(folder, 'comment.md'), 'utf8')
const marker = `<!-- mailgw plan ${document} -->`

test('a change that keeps all promises passes, and the comment says what it does', async () => {
  const repo = site()
  repo.edit(document, 'bart.corp.example:26', 'lisa.corp.example')
  const plan = join(repo.folder, 'change.mgwplan')
  const { code, out, err } = await ci(repo, '-o', plan)
  expect(err).toBe('')
  expect(code).toBe(0)
  expect(out).toContain(`check  ${document}: no problems\ntest   there are none beside the document\n`)
  expect(out).toContain('goes elsewhere: mail to anybody at corp.example')
  expect(commentOf(repo).split('\n')[0]).toBe(marker)
  expect(commentOf(repo)).toContain('1 goes elsewhere')
  expect(readPlan(readFileSync(plan, 'utf8'))).toMatchObject({
    ok: true,
    value: { base: { name: 'HEAD' }, tests: null },
  })
})

test('a document with errors fails; the comment has them and takes the place of the old one', async () => {
  const repo = site()
  repo.edit(document, 'relaying:', 'relayin:')
  const sarif = join(repo.folder, 'report.sarif')
  const { code, out, err } = await ci(repo, '--github', '--sarif', sarif)
  expect(code).toBe(1)
  expect(err).toContain('did you mean "relaying"?')
  expect(out).toMatch(/^::error file=mailgw\.config\.yaml,line=7,/m)
  expect(commentOf(repo)).toContain(`${marker}\n### mailgw: the document has errors :x:\n`)
  expect(commentOf(repo)).toContain('did you mean "relaying"?')
  expect(JSON.parse(readFileSync(sarif, 'utf8')).runs[0].results).toHaveLength(1)
})

test('a claim that does not hold fails, with the message that shows it', async () => {
  const repo = site()
  const claim = 'prove:\n  - { forAll: { recipient: corp.example }, never: refused }\n'
  repo.write(document, `${yaml}${claim}`)
  const { code, out } = await ci(repo, '--github')
  expect(code).toBe(1)
  expect(out).toMatch(/^VIOLATED /m)
  expect(out).toMatch(/^FAILED /m)
  expect(out).toMatch(/^::error file=mailgw\.config\.yaml,line=12,/m)
  expect(commentOf(repo)).toContain(':x:')
})

test('a first document has no base: what must hold is looked at all the same', async () => {
  const repo = repository()
  repo.write('README', 'mail\n')
  repo.commit('first')
  repo.write(document, yaml)
  const { code, out } = await ci(repo)
  expect(code).toBe(0)
  expect(out).toContain(`plan   nothing to compare with: --base HEAD: there is no ${document} at that revision`)
  expect(out).toMatch(/^proved if +noOpenRelay\(\)/m)
  expect(commentOf(repo)).toContain(`${marker}\n### mailgw: a new document\n`)
})

test('without a base and without a gateway, as in a fork, it says what to give, also in the comment', async () => {
  const repo = site()
  const { code, err } = await runHere([
    ...['ci', '--config', join(repo.folder, document), '--state-dir', join(repo.folder, 'state')],
    ...['--comment', join(repo.folder, 'comment.md')],
  ])
  expect(code).toBe(1)
  expect(err).toContain('say what to compare with, such as --base HEAD~1')
  expect(commentOf(repo)).toContain('say what to compare with')
})

test('a pipe gets no progress, a terminal gets it and it is taken away again', async () => {
  const repo = site()
  expect((await ci(repo)).err).toBe('')
  const { program } = await import('../../src/cli/program.ts')
  let err = ''
  const terminal = { out: () => {}, err: (text: string) => void (err += text), color: true, errColor: true }
  await program(['ci', '--config', join(repo.folder, document), '--base', 'HEAD'], '0.0.0', terminal)
  expect(err).toBe('check ...\r\u001b[Ktest ...\r\u001b[Kplan ...\r\u001b[K')
})

test('tests beside the document are run; one that fails fails the whole, and is told in the comment', async () => {
  const repo = site({ 'mailgw.test.yaml': tests })
  const good = await ci(repo)
  expect([good.code, good.err]).toEqual([0, ''])
  expect(good.out).toContain('test   all 1 pass\n')
  repo.edit(document, 'bart.corp.example:26', 'lisa.corp.example')
  const bad = await ci(repo)
  expect(bad.code).toBe(1)
  expect(bad.out).toContain('test   1 of 1 fail\n')
  expect(bad.out).toContain('our mail goes to bart')
  expect(commentOf(repo)).toContain('our mail goes to bart')
})

test('tests that cannot be read fail', async () => {
  const repo = site({ 'mailgw.test.yaml': tests.replace('expect:', 'expects:') })
  const { code, err } = await ci(repo)
  expect(code).toBe(1)
  expect(err).toContain('the tests have errors')
  expect(existsSync(join(repo.folder, 'comment.md'))).toBe(true)
})
