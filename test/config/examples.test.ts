import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { loadDocument } from '../../src/config/load.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const examples = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter(
    (name) => /\.(?:ts|ya?ml|json)$/.test(name) && !/^(?:ci|prometheus)\//.test(name) && !name.includes('mailgw.test.'),
  )
  .sort()

/** Warnings that an example is meant to give. */
const expected = new Map([
  ['examples/mailq/by-mx.yaml lab', ['MG1505']],
  ['examples/edge/mailgw.config.ts', ['MG1509']],
])

test('the examples that the README and the tests name are there', () => {
  expect(examples).toEqual([
    'edge/mailgw.config.ts',
    'google-workspace/mailgw.yaml',
    'large-table/mailgw.config.ts',
    'mailq/by-mx.yaml',
    'mailq/mailgw.config.ts',
    'microsoft-365/mailgw.config.ts',
    'minimal.yaml',
    'printers/mailgw.yaml',
    'smart-host/mailgw.config.ts',
  ])
})

const cases = ['mailgw.config.ts', ...examples.map((name) => `examples/${name}`)].flatMap((name) => [
  { name, env: null },
  ...(name.includes('mailq') ? [{ name, env: 'lab' }] : []),
])

test.each(cases)('$name (env $env) loads, is right, and compiles', async ({ name, env }) => {
  const { document, warnings, positionOf } = await loadDocument({ cwd: root, file: join(root, name), env })
  expect(warnings.map(({ code }) => code)).toEqual(expected.get(`${name} ${env ?? ''}`.trim()) ?? [])
  const { graph, diagnostics } = compile(document, positionOf)
  expect(diagnostics).toEqual([])
  expect(graph.nodes.length).toBeGreaterThan(5)
  for (const { at } of [...document.listeners, ...document.domains, ...document.localMx]) {
    expect(positionOf(at), at).not.toBe(null)
  }
})

test("MailQ's LocalMX means what its manual says", async () => {
  const { document } = await loadDocument({ cwd: root, file: join(root, 'examples/mailq/mailgw.config.ts') })
  expect(document.localMx.map(({ pattern, target }) => [pattern, target])).toEqual([
    ['localhost.com', { kind: 'hosts', hosts: [{ host: 'snoopy', port: 25 }] }],
    ['example.com', { kind: 'hosts', hosts: [{ host: 'bart', port: 26 }] }],
    ['*', { kind: 'hosts', hosts: [{ host: 'mail.isp.com', port: 2525 }] }],
  ])
})
