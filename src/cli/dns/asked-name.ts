import { domainToASCII } from 'node:url'
import { askableName } from '../../dns/name.ts'
import { CommandError } from '../run.ts'

/** A name as the cache knows it: A-labels, lower case. Names such as `_25._tcp.mx.example.com` are names too. */
export function askedName(text: string): string {
  const ascii = /[^ -~]/.test(text) ? domainToASCII(text) : text
  const name = askableName(ascii)
  if (name === null) throw new CommandError(`expected a domain, got ${JSON.stringify(text)}`)
  return name
}
