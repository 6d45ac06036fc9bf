import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const script = `
  import { readdirSync, readFileSync } from 'node:fs'
  import { yieldToMail } from './dist/cli/yield-to-mail.js'
  yieldToMail()
  const priority = (thread) => readFileSync(\`/proc/self/task/\${thread}/stat\`, 'latin1').split(') ')[1].split(' ')[16]
  console.log(JSON.stringify(readdirSync('/proc/self/task').map(priority)))
`

test.runIf(process.platform === 'linux')('every thread of a command gives way to mail, not only the first', () => {
  const options = { encoding: 'utf8' } as const
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], options)
  const priorities: readonly string[] = JSON.parse(out)
  // The first one, and those of the engine.
  expect(priorities.length).toBeGreaterThan(1)
  expect(new Set(priorities)).toEqual(new Set(['10']))
})
