import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { loadDocument } from '../../src/config/load.ts'
import { makeBundle } from '../../src/graph/bundle.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import { type Branch, explain } from '../../src/graph/explanation.ts'
import { flatOf } from '../../src/graph/flat.ts'
import { flatten } from '../../src/graph/flat-build.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { printGraph } from '../../src/graph/print.ts'
import { flatEvaluator } from '../../src/graph/runtime.ts'
import { sourcesOf } from '../../src/graph/sources.ts'
import { parseIp } from '../../src/mail/ip.ts'
import { type Mailbox, parseMailbox } from '../../src/mail/path.ts'

/**
 * Each folder of test/golden with a `config.ts` is a document that is right: `graph.txt` is its graph in print, and
 * `verdicts.txt` has a question a line (listener, client, from, to, and size or oracle outcomes) with its answer below. `vitest -u` writes the answers.
 */
const folder = join(import.meta.dirname, '../golden')
const cases = readdirSync(folder, { withFileTypes: true })
  .filter(({ name }) => existsSync(join(folder, name, 'config.ts')))
  .map(({ name }) => name)

for (const name of cases) {
  test(`the document of ${name} gives the graph and the verdicts that are written beside it`, async () => {
    const file = join(folder, name, 'config.ts')
    const { document, positionOf, warnings } = await loadDocument({ cwd: folder, file })
    const { graph, diagnostics } = compile(document, positionOf)
    expect([...warnings, ...diagnostics]).toEqual([])
    const sources = sourcesOf(graph, (at) => {
      const position = positionOf(at)
      return position === null ? null : { ...position, file: relative(dirname(file), position.file) }
    })
    const bundle = makeBundle(graph, sources)
    await expect(printGraph(bundle)).toMatchFileSnapshot(join(folder, name, 'graph.txt'))

    const evaluators = [interpreter(graph, sources, bundle.hash), flatEvaluator(flatOf(flatten(bundle)))]
    const verdictsFile = join(folder, name, 'verdicts.txt')
    const [verdicts, flatVerdicts] = evaluators.map((evaluator) =>
      readFileSync(verdictsFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('  '))
        .flatMap((line) => (line.startsWith('#') ? [line] : [line, ...answer(evaluator, line)]))
        .join('\n'),
    )
    expect(flatVerdicts).toBe(verdicts)
    await expect(`${verdicts}\n`).toMatchFileSnapshot(verdictsFile)
  })
}

function answer(evaluator: Parameters<typeof explain>[0], line: string): string[] {
  const [listener = '', client = '', from = '', to = '', ...more] = line.split(/\s+/)
  const assume = new Map(more.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, Outcome]))
  const size = more.find((word) => /^\d+$/.test(word))
  const address = parseIp(client)
  if (!address.ok) throw new Error(`${line}: ${address.error}`)
  const { outcome } = explain(
    evaluator,
    {
      ...bareLine,
      listener,
      client: address.value,
      sender: from === '<>' ? null : mailboxOf(from),
      recipient: mailboxOf(to),
      sizeBytes: size === undefined ? null : Number(size),
      hops: 1,
    },
    assume,
  )
  return branchLines(outcome).map((text) => `  ${text}`)
}

function mailboxOf(text: string): Mailbox {
  const parsed = parseMailbox(text)
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`)
  return parsed.value
}

function branchLines({ walks, end }: Branch): string[] {
  const decided = (stage: string) => {
    const walk = walks.findLast((walk) => walk.stage === stage)
    return walk === undefined
      ? ''
      : `  ${walk.at}${walk.file === null ? '' : ` ${walk.file}:${walk.line}:${walk.column}`}`
  }
  switch (end.kind) {
    case 'refused':
      return [`${end.stage}: ${end.reply.code} ${end.reply.status} ${end.reply.text}${decided(end.stage)}`]
    case 'accepted':
      return walks
        .filter(({ stage }) => stage === 'route')
        .map(({ recipient, says, at, file, line, column }) => `${recipient} ${says}  ${at} ${file}:${line}:${column}`)
    case 'depends':
      return (['listed', 'clear', 'error'] as const).flatMap((outcome) =>
        branchLines(end.branches[outcome]).map((text) => `${end.oracle}=${outcome} ${text}`),
      )
  }
}
