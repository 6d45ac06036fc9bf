import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadDocument } from '../../../src/config/load.ts'
import { written } from './written.ts'

const text = 'Leider nicht:\r\n{each}\r\n  {recipient}\r\n{end}\r\n\r\nGrüße\r\n'
const read = 'Leider nicht:\n{each}\n  {recipient}\n{end}\n\nGrüße'

const script = `import { defineConfig, textFile } from 'mailgw'
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  trusted: '10.0.0.0/8',
  localMx: { '*': 'smtp.isp.example' },
  notifications: { texts: { failed: { text: textFile('notices/failed.txt') } } },
})
`
const yaml = `hostname: gw.corp.example
postmaster: postmaster@corp.example
listeners: { lan: { kind: internal, bind: '127.0.0.1:2525' } }
domains: { corp.example: local }
trusted: 10.0.0.0/8
localMx: { '*': smtp.isp.example }
include: notices/texts.yaml
`

test('the text of a file stands in the place of its name, in each surface, and is one of the files', async () => {
  const ts = written({ 'mailgw.config.ts': script, 'notices/failed.txt': text })
  const own = written({
    'mailgw.config.yaml': yaml,
    // Relative to the document that names it.
    'notices/texts.yaml': 'notifications: { texts: { failed: { text: { $text: failed.txt } } } }\n',
    'notices/failed.txt': text,
  })
  for (const folder of [ts, own]) {
    const { document, files } = await loadDocument({ cwd: folder })
    expect(document.notifications).toEqual({ texts: { failed: { text: read } } })
    expect(files).toContain(join(folder, 'notices/failed.txt'))
  }
})

test('a file outside of the repository is not read, however it is named', async () => {
  const folder = written({
    'mailgw.config.yaml': yaml.replace(
      /include.*/,
      'notifications: { texts: { failed: { text: { $text: /etc/passwd } } } }',
    ),
  })
  await expect(loadDocument({ cwd: folder })).rejects.toThrow(/notifications\.texts\.failed\.text/)
})
