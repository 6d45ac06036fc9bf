import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { playedPage } from '../support/console-page.ts'

test('the walk-through of docs/ci.md prints what it shows (npx vitest run test/cli/ci-page.test.ts -u writes it)', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/ci.md'), 'utf8')
  await expect(playedPage(page)).toMatchFileSnapshot('../../docs/ci.md')
}, 60_000)
