import type { HostPort } from '../mail/settings.ts'
import { type Reading, read, readDomain, unread } from './patterns.ts'
import { didYouMean } from './suggest.ts'
import { readAddress } from './validate-network.ts'

export type HostReading = Reading<HostPort> & { readonly code?: 'MG1315' }

/** Reads `host`, `host:port`, `192.0.2.1:26`, `[2001:db8::1]:26`. Names are kept in A-labels, addresses canonical. */
export function readHost(text: string, defaultPort: number): HostReading {
  const expected = 'host or host:port'
  if (text.includes('@')) {
    // The text is not repeated: it holds a password.
    const error = `expected ${expected}, got a text with "@"`
    return { ok: false, error, hint: 'user and password belong into auth: { user, pass } of a relay', code: 'MG1315' }
  }
  if (text.includes('://')) {
    const bare = /^[a-z]+:\/\/([^/]+)\/?$/i.exec(text)?.[1]
    return unread(expected, text, bare === undefined ? null : `did you mean ${JSON.stringify(bare)}?`)
  }
  const [, literal, name = '', portText] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(text) ?? []
  if (literal === undefined && name === '') {
    return unread(expected, text, readAddress(text) === null ? null : `write an IPv6 address in brackets: "[${text}]"`)
  }
  const port = portText === undefined ? defaultPort : readPort(portText)
  if (port === null) return unread(expected, text, portHint(name, portText ?? ''))
  if (literal !== undefined) {
    const address = readAddress(literal)
    return address?.includes(':') ? read({ host: address, port }) : unread(expected, text)
  }
  const address = readAddress(name)
  if (address !== null) return read({ host: address, port })
  const domain = readDomain(name)
  return domain.ok ? read({ host: domain.value, port }) : unread(expected, text)
}

/** Reads an address to listen on, `address:port`. No names: what they resolve to is another machine's decision. */
export function readBind(text: string): Reading<HostPort> {
  const expected = 'address:port to listen on, such as 127.0.0.1:2525'
  const everywhere = /^(?:\*?:)?(\d{1,5})$/.exec(text)?.[1]
  if (everywhere !== undefined) {
    return unread(
      expected,
      text,
      `write "0.0.0.0:${everywhere}" for all IPv4 addresses, "127.0.0.1:${everywhere}" for this machine alone`,
    )
  }
  const [, literal, name = '', portText = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const address = readAddress(literal ?? name)
  const port = portText === '0' ? 0 : readPort(portText)
  if (address === null || port === null || (literal !== undefined) !== address.includes(':')) {
    const hint = name === 'localhost' ? `did you mean "127.0.0.1:${portText}"?` : null
    const bare = readAddress(text)
    return unread(
      expected,
      text,
      bare === null ? hint : `write the port too: "${bare.includes(':') ? `[${bare}]` : bare}:25"`,
    )
  }
  return read({ host: address, port })
}

/** 1 to 65535 in plain decimal, or `null`. */
export function readPort(text: string): number | null {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null
}

function portHint(name: string, port: string): string | null {
  if (/^\d+$/.test(port)) return 'ports are 1 to 65535'
  return didYouMean(name, ['relay']) === null ? null : `did you mean "relay:${port}"?`
}

/** `host:port` as a person writes it. */
export const hostText = ({ host, port }: HostPort): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
