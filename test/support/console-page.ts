import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { program } from './gateway.ts'
import { tempFolder } from './peer.ts'

/**
 * A page whose ```console blocks are a session at a shell: `$ ` begins a command, `> ` goes on with it, what follows is
 * what it prints (both outputs). They are run in their order, in one empty folder; the page is given back with what they
 * print now, or as it is when all of it still fits. A line of `...` in the page stands for any lines.
 */
export function playedPage(page: string): string {
  const folder = tempFolder()
  const session = openSession(folder)
  let fits = true
  const played = page.replaceAll(/^```console\n([\s\S]*?)^```$/gm, (_, block: string) => {
    const parts = commandsOf(block).map(({ written, command, output }) => {
      const printed = session(command)
      const isSame = matches(output, printed)
      if (!isSame) fits = false
      return `${written}${isSame && /^\.\.\.$/m.test(output) ? output : printed}`
    })
    return `\`\`\`console\n${parts.join('')}\`\`\``
  })
  // Names of graphs in it may be of another day; they are made anew together with the rest, or not at all.
  return fits ? page : played
}

type Part = { readonly written: string; readonly command: string; readonly output: string }

function commandsOf(block: string): Part[] {
  const parts: Part[] = []
  let written = ''
  let command = ''
  let output = ''
  const end = () => {
    if (command !== '') parts.push({ written, command, output })
    written = command = output = ''
  }
  for (const line of block.split('\n').slice(0, -1)) {
    if (line.startsWith('$ ')) {
      end()
      written = `${line}\n`
      command = line.slice(2)
    } else if (output === '' && line.startsWith('> ')) {
      written += `${line}\n`
      command += `\n${line.slice(2)}`
    } else output += `${line}\n`
  }
  end()
  return parts
}

/** A shell that keeps its folder and the latest exit code; git knows who commits and when, so that hashes stay. */
function openSession(folder: string): (command: string) => string {
  const bin = join(folder, 'bin')
  const work = join(folder, 'site')
  mkdirSync(bin)
  mkdirSync(work)
  writeFileSync(join(bin, 'mailgw'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, { mode: 0o755 })
  const who = { NAME: 'Ann', EMAIL: 'ann@corp.example', DATE: '2026-01-05T09:00:00Z' }
  const git = Object.entries(who).flatMap(([name, value]) => [
    [`GIT_AUTHOR_${name}`, value],
    [`GIT_COMMITTER_${name}`, value],
  ])
  const env = {
    ...Object.fromEntries(git),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    NO_COLOR: '1',
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
  }
  let last = 0
  return (command) => {
    const script = `exec 2>&1\n(exit ${last})\n${command}`
    const ran = spawnSync('bash', ['-c', script], { cwd: work, env, encoding: 'utf8', timeout: 60_000 })
    last = ran.status ?? 1
    return ran.stdout === '' || ran.stdout.endsWith('\n') ? ran.stdout : `${ran.stdout}\n`
  }
}

/** Graphs and change sets are named by what is in them; another format of graphs gives other names and no other page. */
const withoutHashes = (text: string): string => text.replaceAll(/\b([gc]1):[a-z2-7]{4,52}/g, '$1:#')

function matches(written: string, printed: string): boolean {
  const pattern = withoutHashes(written)
    .split(/^\.\.\.\n/m)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('(?:.*\\n)*')
  return new RegExp(`^${pattern}$`).test(withoutHashes(printed))
}
