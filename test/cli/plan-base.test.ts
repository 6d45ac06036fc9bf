import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NoBaseDocument, type Side, withBase } from '../../src/cli/plan/base.ts'
import { looksLikeRevision, repositoryAround, withRevision } from '../../src/cli/plan/git.ts'
import { tempFolder } from '../support/peer.ts'

const silent = { out: () => {}, err: () => {}, color: false, errColor: false }

function repository(): { folder: string; git: (...args: string[]) => string; commit: (message: string) => void } {
  const folder = tempFolder()
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  git('init', '-q', '-b', 'main')
  const commit = (message: string) => {
    git('add', '-A')
    git('commit', '-q', '-m', message)
  }
  return { folder, git, commit }
}

const yaml = (host: string) => `hostname: mail.corp.example
postmaster: postmaster@corp.example
listeners:
  smtp: { kind: mx, bind: 127.0.0.1:2525 }
domains: { corp.example: { recipients: { $table: ../shared/people.tsv } }, other.example: relay }
localMx:
  other.example: ${host}
`

function site(): ReturnType<typeof repository> & { document: string } {
  const repo = repository()
  mkdirSync(join(repo.folder, 'site'))
  mkdirSync(join(repo.folder, 'shared'))
  const document = join(repo.folder, 'site/mailgw.config.yaml')
  writeFileSync(join(repo.folder, 'shared/people.tsv'), 'ann\n')
  writeFileSync(document, yaml('bart:26'))
  repo.commit('first')
  return { ...repo, document }
}

const base = (request: { base: string | null; document: string | null }): Promise<Side> =>
  withBase({ socket: join(tempFolder(), 'admin.sock'), env: null, ...request }, silent, async (side) => side)

test.each(['HEAD', 'HEAD~1', 'main', 'origin/main', 'v1.2.3', 'HEAD@{1}', 'feature/x-y_z', 'a1b2c3d'])(
  '%s may be a revision',
  (name) => expect(looksLikeRevision(name)).toBe(true),
)

test.each(['-h', '--output=x', 'a..b', 'a...b', '', 'a b', 'a;b', '$(id)', 'a:b', "a'b", '\n', 'a\nb'])(
  '%j is no revision that is handed to git',
  (name) => expect(looksLikeRevision(name)).toBe(false),
)

test('the document is read as it was at the revision, with its tables, and the repository is left as it is', async () => {
  const { folder, git, document, commit } = site()
  writeFileSync(document, yaml('lisa'))
  commit('second')
  writeFileSync(document, yaml('maggie'))
  writeFileSync(join(folder, 'shared/people.tsv'), 'bob\n')
  const before = [git('status', '--porcelain'), git('rev-parse', 'HEAD'), readdirSync(join(folder, '.git')).join()]

  const side = await base({ base: 'HEAD~1', document })
  expect(side.kind).toBe('revision')
  expect(side.commit).toBe(git('rev-parse', 'HEAD~1'))
  expect(side.document).toBe('site/mailgw.config.yaml')
  expect(JSON.stringify(side.bundle.graph)).toContain('"bart"')
  expect(side.bundle.sources.files).toContain('../shared/people.tsv')
  expect([git('status', '--porcelain'), git('rev-parse', 'HEAD'), readdirSync(join(folder, '.git')).join()]).toEqual(
    before,
  )
  expect(readFileSync(document, 'utf8')).toContain('maggie')
})

test('lines of the base are those of the revision, as long as it is there', async () => {
  const { document } = site()
  writeFileSync(document, yaml('lisa'))
  const request = { base: 'HEAD', document, socket: '', env: null }
  const line = await withBase(request, silent, async ({ lineOf }) => lineOf('mailgw.config.yaml', 7))
  expect(line).toBe('  other.example: bart:26')
})

test('another document of a revision is named from the root of the repository', async () => {
  const { document } = site()
  expect((await base({ base: 'git:HEAD:site/mailgw.config.yaml', document })).document).toBe('site/mailgw.config.yaml')
  await expect(base({ base: 'HEAD:../../etc/passwd', document })).rejects.toThrow('leads out of the repository')
})

test('a revision without the document says so, as a kind of its own', async () => {
  const { git, document, commit } = site()
  git('mv', 'site/mailgw.config.yaml', 'site/mailgw.config.yml')
  commit('moved')
  const attempt = base({ base: 'HEAD', document })
  await expect(attempt).rejects.toThrow('there is no site/mailgw.config.yaml at that revision')
  await expect(attempt).rejects.toBeInstanceOf(NoBaseDocument)
})

test('a revision that is not there is refused with a word on shallow clones', async () => {
  const { document } = site()
  await expect(base({ base: 'HEAD~7', document })).rejects.toThrow('no such revision (a shallow clone')
})

test('an option in place of a revision is refused before git sees it', async () => {
  const { document } = site()
  await expect(base({ base: 'git:--help', document })).rejects.toThrow('expected the name of a git revision')
})

test('hooks and monitors of the repository do not run', async () => {
  const { folder, git, document } = site()
  const trace = join(folder, 'ran')
  for (const hook of ['post-index-change', 'post-checkout', 'fsmonitor-watchman']) {
    mkdirSync(join(folder, '.git/hooks'), { recursive: true })
    writeFileSync(join(folder, '.git/hooks', hook), `#!/bin/sh\ntouch ${trace}\n`, { mode: 0o755 })
  }
  git('config', 'core.fsmonitor', join(folder, '.git/hooks/fsmonitor-watchman'))
  await withRevision(folder, 'HEAD', async ({ root }) => expect(existsSync(join(root, 'site'))).toBe(true))
  await base({ base: 'HEAD', document })
  expect(existsSync(trace)).toBe(false)
})

test('a link of the revision that leads out of the repository is not followed', async () => {
  const { folder, document, commit } = site()
  const outside = join(tempFolder(), 'people.tsv')
  writeFileSync(outside, 'ann\n')
  symlinkSync(outside, join(folder, 'shared/link.tsv'))
  writeFileSync(document, yaml('lisa').replace('people.tsv', 'link.tsv'))
  commit('link')
  await expect(base({ base: 'HEAD', document })).rejects.toThrow('the base has errors: site/mailgw.config.yaml at HEAD')
})

test('the files of a revision are removed when they are not needed any more, also after a failure', async () => {
  const { folder } = site()
  let root = ''
  const failing = withRevision(folder, 'HEAD', async (checkout) => {
    root = checkout.root
    throw new Error('failed')
  })
  await expect(failing).rejects.toThrow('failed')
  expect(root).not.toBe('')
  expect(existsSync(root)).toBe(false)
})

test('a graph or a document of this folder is a base too, and a file that is not there is not taken for a revision', async () => {
  const { document } = site()
  const side = await base({ base: document, document: null })
  expect([side.kind, side.bundle.graph.control.hostname]).toEqual(['document', 'mail.corp.example'])
  await expect(base({ base: 'old.mgw', document })).rejects.toThrow('--base: there is no file old.mgw')
})

test('without a base and without a gateway it says what to give', async () => {
  const { document } = site()
  await expect(base({ base: null, document })).rejects.toThrow('say what to compare with, such as --base HEAD~1')
})

test('a document of no repository knows no revisions', async () => {
  const folder = tempFolder()
  expect(await repositoryAround(folder)).toBe(null)
  const document = join(folder, 'mailgw.config.yaml')
  await expect(base({ base: 'HEAD', document })).rejects.toThrow('is in no git repository')
})
