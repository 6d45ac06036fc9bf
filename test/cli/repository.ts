import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { tempFolder } from '../support/peer.ts'

export type Repository = {
  readonly folder: string
  git(...args: readonly string[]): string
  write(file: string, text: string): string
  /** Replaces one text, which has to be there once. */
  edit(file: string, from: string, to: string): void
  commit(message: string): void
}

/** A repository of this test. Who commits, and when, is always the same, so that commits have the same names. */
export function repository(): Repository {
  const folder = tempFolder()
  const who = { NAME: 'Ann', EMAIL: 'ann@corp.example', DATE: '2026-01-05T09:00:00Z' }
  const env = Object.fromEntries(
    Object.entries(who).flatMap(([name, value]) => [
      [`GIT_AUTHOR_${name}`, value],
      [`GIT_COMMITTER_${name}`, value],
    ]),
  )
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', folder, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    }).trim()
  git('init', '-q', '-b', 'main')
  const write = (file: string, text: string): string => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
    return join(folder, file)
  }
  return {
    folder,
    git,
    write,
    edit(file, from, to) {
      const text = readFileSync(join(folder, file), 'utf8')
      if (text.split(from).length !== 2) throw new Error(`expected ${JSON.stringify(from)} once in ${file}`)
      write(
        file,
        text.replace(from, () => to),
      )
    },
    commit(message) {
      git('add', '-A')
      git('commit', '-q', '-m', message)
    },
  }
}

/** Graphs and change sets are named by what is in them: another format of graphs is no other plan. */
export const withoutHashes = (text: string): string => text.replaceAll(/\b([gc]1):[a-z2-7]{4,52}/g, '$1:#')
