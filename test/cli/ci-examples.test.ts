import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { commands } from '../../src/cli/commands.ts'
import { program, startGateway } from '../support/gateway.ts'
import { freePort } from '../support/peer.ts'
import { type Repository, repository } from './repository.ts'

const folder = join(import.meta.dirname, '../../examples/ci')
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

type Step = { readonly run?: string; readonly uses?: string; readonly with?: Record<string, unknown> }
type Job = {
  readonly if: string
  readonly permissions?: Record<string, string>
  readonly environment?: string
  readonly steps: readonly Step[]
}
type Workflow = { readonly permissions: Record<string, string>; readonly jobs: Readonly<Record<string, Job>> }

describe('the workflows', () => {
  const workflows = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yml'))

  test('are those that the page names', () => {
    expect(workflows.sort()).toEqual(['github/comment.yml', 'github/mail.yml', 'gitlab-ci.yml'])
  })

  test.each(workflows)('%s is YAML without a key twice', (name) => {
    expect(Object.keys(parse(read(name), { uniqueKeys: true })).length).toBeGreaterThan(2)
  })

  test.each([...workflows, 'ci.sh'])('%s names commands and options of mailgw that exist', (name) => {
    const text = read(name)
      .replaceAll(/\\\n\s*/g, ' ')
      .replaceAll(/mailgw" /g, 'mailgw ')
      .replaceAll(/^\s*document (?=[a-z])/gm, 'mailgw ')
    const used = [...text.matchAll(/(?:^|[/ $"(])mailgw ((?:ci|plan|apply|check)\b[^\n|)]*)/gm)].map(
      ([, line]) => line!,
    )
    for (const line of used) {
      const entry = commands.find(
        (one) => one.name === (line.startsWith('plan show') ? 'plan show' : line.split(' ')[0]),
      )
      const known = entry?.options.flatMap(([flags]) => flags.match(/--?[a-z-]+/g) ?? []) ?? []
      for (const [option] of line.matchAll(/(?<= )--?[a-z][a-z-]*/g))
        expect(known, `${name}: ${line}`).toContain(option)
    }
    if (name !== 'github/comment.yml') expect(used.length).toBeGreaterThan(0)
  })

  test('a pull request on GitHub gets no secret and no token that writes, and mailgw of the target branch', () => {
    const { permissions, jobs } = parse(read('github/mail.yml')) as Workflow
    const { review } = jobs
    expect(permissions).toEqual({ contents: 'read' })
    expect(review!.permissions).toBeUndefined()
    expect(review!.environment).toBeUndefined()
    expect(JSON.stringify(review)).not.toMatch(/secrets\.|github\.token|pull_request_target/)
    expect(review!.steps.find(({ uses }) => uses?.startsWith('actions/checkout'))!.with).toMatchObject({
      'persist-credentials': false,
    })
    const runs = review!.steps.map(({ run }) => run ?? '').join('\n')
    expect(runs).toContain('git show "$BASE:package-lock.json"')
    expect(runs).not.toContain('${{')
  })

  test('who comments on GitHub checks nothing out and puts nothing of the pull request into a command', () => {
    const text = read('github/comment.yml')
    const { permissions, jobs } = parse(text) as Workflow
    expect(permissions).toEqual({ actions: 'read', 'pull-requests': 'write' })
    expect(jobs['comment']!.steps.some(({ uses }) => uses?.startsWith('actions/checkout'))).toBe(false)
    for (const { run } of jobs['comment']!.steps) expect(run ?? '').not.toContain('${{')
  })

  test('only the protected branch deploys, from an environment that somebody has to let run', () => {
    const { jobs } = parse(read('github/mail.yml')) as Workflow
    expect(jobs['deploy']).toMatchObject({ if: "github.event_name == 'push'", environment: 'mail' })
    const gitlab = parse(read('gitlab-ci.yml'))
    expect(gitlab.deploy.rules).toEqual([{ if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH', when: 'manual' }])
    expect(gitlab.review.rules).toEqual([{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }])
    expect(JSON.stringify(gitlab.review)).not.toContain('TOKEN')
  })
})

describe('the shell script', () => {
  const document = (port: number, lab: string): object => ({
    hostname: 'mail.corp.example',
    postmaster: 'ann@corp.example',
    listeners: { smtp: { kind: 'mx', bind: `127.0.0.1:${port}` } },
    domains: { 'corp.example': 'relay', 'lab.example': 'relay' },
    localMx: { 'corp.example': '127.0.0.1:9', 'lab.example': lab },
  })
  const write = (repo: Repository, value: object) => repo.write('mailgw.config.json', JSON.stringify(value, null, 2))

  test('reviews a pull request without a gateway, and deploys what was reviewed and nothing else', async () => {
    const repo = repository()
    const port = await freePort()
    const config = write(repo, document(port, '127.0.0.1:9'))
    repo.write('.gitignore', 'state\nreports\nbin\n')
    repo.commit('The gateway')
    const mailgw = repo.write('bin/mailgw', `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
    spawnSync('chmod', ['+x', mailgw])
    const stateDir = join(repo.folder, 'state')
    const ci = (...args: readonly string[]) =>
      spawnSync('sh', [join(folder, 'ci.sh'), ...args], {
        cwd: repo.folder,
        encoding: 'utf8',
        env: { ...process.env, MAILGW: mailgw, MAILGW_STATE_DIR: stateDir, NO_COLOR: '1' },
      })

    // The pull request: nothing runs anywhere.
    repo.git('switch', '-q', '-c', 'lab')
    write(repo, document(port, '127.0.0.2:9'))
    repo.commit('The lab has a server of its own')
    const review = ci('review', 'main')
    expect(review.stderr).toBe('')
    expect(review.status).toBe(0)
    expect(readdirSync(join(repo.folder, 'reports')).sort()).toEqual(['change.mgwplan', 'comment.md', 'report.sarif'])

    // The protected branch, beside a gateway that serves what main was.
    repo.git('switch', '-q', 'main')
    const gateway = await startGateway(config, { folder: repo.folder })
    const before = (await gateway.status()).graph
    repo.git('merge', '-q', '--ff-only', 'lab')

    // Somebody pushed one more change that nobody reviewed.
    write(repo, document(port, '127.0.0.3:9'))
    const wrong = ci('deploy', 'reports/change.mgwplan')
    expect(wrong.status).toBe(2)
    expect(wrong.stderr).toContain('not what was reviewed')
    expect((await gateway.status()).graph).toBe(before)

    repo.git('checkout', '-q', '.')
    const deploy = ci('deploy', 'reports/change.mgwplan')
    expect(`${deploy.stdout}${deploy.stderr}`).toContain('goes elsewhere: mail to anybody at lab.example')
    expect(deploy.status).toBe(0)
    const after = (await gateway.status()).graph
    expect(after).not.toBe(before)

    // Again: the gateway serves it already.
    const again = ci('deploy', 'reports/change.mgwplan')
    expect(again.stdout).toContain('nothing changes: the gateway serves this already')
    expect(again.status).toBe(0)
    expect((await gateway.status()).graph).toBe(after)
  }, 60_000)

  test('says how it is called', () => {
    const ran = spawnSync('sh', [join(folder, 'ci.sh')], { cwd: repository().folder, encoding: 'utf8' })
    expect(ran.status).toBe(1)
    expect(ran.stderr).toContain('ci.sh review BASE')
    expect(ran.stderr).not.toContain('set -eu')
  })
})
