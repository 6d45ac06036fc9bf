import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config/diagnostic.ts'
import { type DocumentRequest, loadDocument } from '../../src/config/load.ts'
import { renderTerminal } from '../../src/config/render-terminal.ts'

/**
 * Each folder of `wrong/` is a document that must be refused, with all that a terminal would show (`issues.txt`).
 * `options.json` holds what the command line would say beside it. `UPDATE_GOLDEN=1` writes what is shown now; read the
 * difference before it is committed.
 */
const corpus = join(import.meta.dirname, 'wrong')
const cases = readdirSync(corpus, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))

describe('a wrong document is refused with every mistake in its place', () => {
  for (const name of cases) {
    test.concurrent(name.replaceAll('-', ' '), async () => {
      const cwd = join(corpus, name)
      const shown = await issuesOf(cwd)
      const golden = join(cwd, 'issues.txt')
      if (process.env['UPDATE_GOLDEN']) writeFileSync(golden, shown)
      expect(shown).toBe(readFileSync(golden, 'utf8'))
    })
  }
})

test('there are at least 60 of them', () => expect(cases.length).toBeGreaterThanOrEqual(60))

async function issuesOf(cwd: string): Promise<string> {
  const file = join(cwd, 'options.json')
  const options = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<DocumentRequest>) : {}
  try {
    await loadDocument({ ...options, cwd })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    // A message may name the folder, which differs between machines.
    return renderTerminal(error.diagnostics, { cwd, color: false }).replaceAll(cwd, '<folder>')
  }
  throw new Error('expected a refusal, got a document')
}
