import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readText, until } from '../support/gateway.ts'

export type SiteOptions = {
  readonly port: number
  readonly localMx: object
  readonly [section: string]: unknown
}

/** A small site: loopback is trusted, `here.test` has maildirs, everything else is up to `localMx`. */
export const site = ({ port, localMx, ...sections }: SiteOptions): object => ({
  hostname: 'gateway.test',
  postmaster: 'postmaster@here.test',
  listeners: { inside: { kind: 'internal', bind: `127.0.0.1:${port}`, maxSize: '50MiB' } },
  trusted: ['127.0.0.0/8'],
  domains: { 'here.test': 'local' },
  localMx: { 'here.test': 'deliver', '*': { reject: { code: 550, text: '5.4.4 no way there' } }, ...localMx },
  retry: { schedule: ['1s'], expireAfter: '1h' },
  ...sections,
})

/** Paths of the messages in `mailbox`'s maildir. */
export function maildir(stateDir: string, mailbox: string): string[] {
  const [localPart, domain] = mailbox.split('@') as [string, string]
  const folder = join(stateDir, 'mail', domain, localPart, 'new')
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Waits until `count` messages are in a maildir; gives their texts. */
export async function received(stateDir: string, mailbox: string, count = 1): Promise<string[]> {
  const files = await until(`${mailbox} has ${count} messages`, () => {
    const found = maildir(stateDir, mailbox)
    return found.length >= count ? found : null
  })
  return files!.map(readText)
}
