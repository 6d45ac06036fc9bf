import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tempFolder } from '../support/peer.ts'
import { runHere } from './run-here.ts'

async function tlsOf(recipient: string, sections: object = {}): Promise<string | undefined> {
  const folder = tempFolder()
  const file = join(folder, 'mailgw.config.json')
  writeFileSync(
    file,
    JSON.stringify({
      hostname: 'gw.corp.example',
      postmaster: 'postmaster@corp.example',
      listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2599' } },
      trusted: ['127.0.0.0/8'],
      domains: { 'corp.example': 'local' },
      relays: { isp: { hosts: ['smtp.isp.example', '192.0.2.1'] }, sure: { hosts: 'x.example', tls: 'verify' } },
      localMx: { 'isp.example': 'relay:isp', 'sure.example': 'relay:sure', 'bart.example': 'bart:26', '*': 'mx' },
      ...sections,
    }),
  )
  const { out } = await runHere([
    ...['explain', '--config', file, '--client', '127.0.0.1', '--from', 'a@corp.example', '--to', recipient],
  ])
  return /^ {3}(TLS .*)$/m.exec(out)?.[1]
}

test('explain says how much TLS the route wants, and whose policies may want more', async () => {
  expect(await tlsOf('x@far.example')).toBe(
    'TLS may by the route; DANE and MTA-STS of far.example may demand more (mailgw mx far.example)',
  )
  expect(await tlsOf('x@isp.example')).toBe(
    'TLS may by the route; DANE and MTA-STS of smtp.isp.example may demand more (mailgw mx isp.example)',
  )
  expect(await tlsOf('x@sure.example')).toBe('TLS verify by the route')
  expect(await tlsOf('x@bart.example')).toBe('TLS may by the route')
  expect(await tlsOf('postmaster@corp.example')).toBeUndefined()
})

test('explain names no policy that the document has switched off', async () => {
  const off = (tlsPolicy: object) => tlsOf('x@far.example', { tlsPolicy })
  expect(await off({ dane: 'off' })).toContain('; MTA-STS of far.example may')
  expect(await off({ mtaSts: 'off' })).toContain('; DANE of far.example may')
  expect(await off({ dane: 'off', mtaSts: 'off' })).toBe('TLS may by the route')
})
