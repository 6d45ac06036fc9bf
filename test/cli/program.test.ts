import { expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { program } from '../../src/cli/program.ts'

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const terminal = {
    out: (text: string) => (out += text),
    err: (text: string) => (err += text),
    color: false,
    errColor: false,
  }
  const code = await program(argv, '9.9.9', terminal as never)
  return { code, out, err }
}

test('--version prints the version', async () => {
  expect(await run('--version')).toEqual({ code: 0, out: '9.9.9\n', err: '' })
})

test('--help names every command', async () => {
  const { code, out } = await run('--help')
  expect(code).toBe(0)
  for (const { name } of commands) expect(out).toContain(name.split(' ')[0])
})

test.each(commands.map((entry) => [entry.name, entry] as const))(
  '%s --help says its options and exit codes',
  async (name, entry) => {
    const { code, out } = await run(...name.split(' '), '--help')
    expect(code).toBe(0)
    for (const [flags] of entry.options) expect(out).toContain(flags)
    for (const [exit, meaning] of entry.exits) expect(out.replaceAll(/\s+/g, ' ')).toContain(`${exit} ${meaning}`)
  },
)

test.each(commands.map((entry) => [entry.name, entry] as const))('%s has its code', async (_name, entry) => {
  expect(typeof (await entry.load()).run).toBe('function')
})

test('a misspelt command is refused with the word that was meant', async () => {
  const { code, err } = await run('aply')
  expect(code).toBe(1)
  expect(err).toContain('Did you mean apply?')
})

test('an option that does not exist is refused', async () => {
  const { code, err } = await run('status', '--jsn')
  expect(code).toBe(1)
  expect(err).toContain("unknown option '--jsn'")
})

test('a command that finds no gateway says so in one line', async () => {
  await expect(run('status', '--state-dir', '/nonexistent')).rejects.toThrow(
    'cannot reach the gateway at /nonexistent/admin.sock: no gateway is running there',
  )
})
