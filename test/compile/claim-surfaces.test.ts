import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { loadDocument } from '../../src/config/load.ts'
import { graphHash } from '../../src/graph/canonical.ts'
import { written } from '../config/loading/written.ts'

const rest = {
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { internet: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'relay' },
  relays: { isp: { hosts: 'isp.example' } },
  localMx: { '*': { relay: 'isp' } },
}
const digest = 'ab'.repeat(32)
const script = `import { defineConfig, except, forAll } from 'mailgw'
const rest = ${JSON.stringify(rest)} as const
export default defineConfig({ ...rest, prove: [
  forAll({ listener: 'internet', tls: false, sender: 'partner.example' }).never('accepted'),
  forAll({ login: except('*'), certificate: 'sha256:${digest}', helo: ['*.corp.example'] }).always('refused'),
] })`
const prove = [
  { forAll: { listener: 'internet', tls: false, sender: 'partner.example' }, never: 'accepted' },
  {
    forAll: { login: { except: '*' }, certificate: `SHA256:${digest.toUpperCase()}`, helo: '*.corp.example.' },
    always: 'refused',
  },
]

test('claims about the line are the same graph in all three surfaces, and none is another one', async () => {
  const cwd = written({
    'a.ts': script,
    'a.json': JSON.stringify({ ...rest, prove }),
    'a.yaml': `{ ${JSON.stringify(rest).slice(1, -1)}, prove: [
  { forAll: { listener: internet, tls: false, sender: [partner.example] }, never: accepted },
  { forAll: { login: { except: ['*'] }, certificate: 'sha256:${digest}', helo: '*.corp.example' }, always: refused } ] }`,
    'none.json': JSON.stringify(rest),
  })
  const hash = async (file: string) => graphHash(compile((await loadDocument({ cwd, file })).document).graph)
  const [typescript, json, yaml, none] = await Promise.all(['a.ts', 'a.json', 'a.yaml', 'none.json'].map(hash))
  expect(json).toBe(typescript)
  expect(yaml).toBe(typescript)
  expect(none).not.toBe(typescript)
})
