import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '../support/peer.ts'

/** A document in a folder of its own, with its tests beside it. */
export function siteWith(files: Readonly<Record<string, string>>): {
  readonly folder: string
  readonly config: string
} {
  const folder = tempFolder()
  const config = join(folder, 'mailgw.config.yaml')
  writeFileSync(config, siteYaml)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return { folder, config }
}

export const siteYaml = `apiVersion: mailgw/1
hostname: gw.example
postmaster: postmaster@corp.example
listeners:
  mx: { kind: mx, bind: '127.0.0.1:2599' }
  lan: { kind: internal, bind: '127.0.0.1:2598', maxSize: 5MiB }
domains:
  corp.example: { recipients: [ann, bob, postmaster] }
trusted: [10.0.0.0/8]
relaying: two-way
relays:
  partner: { hosts: mail.partner.example, tls: verify }
  isp: { hosts: 'smart.isp.example:587' }
localMx:
  '*.partner.example': { relay: partner }
  '*': { relay: isp }
dnsbl:
  - { id: zen, zone: zen.dnsbl.example, onError: ignore }
deny:
  - { when: { sender: ['*.spam.example', spam.example] } }
aliases:
  all@corp.example: [ann@corp.example, bob@corp.example]
`
