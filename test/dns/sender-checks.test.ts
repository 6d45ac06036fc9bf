import { describe, expect, test } from 'vitest'
import { checkHelo, checkReverse, checkSenderDomain } from '../../src/dns/sender-checks.ts'
import { type IpAddress, parseIp } from '../../src/mail/ip.ts'
import { parseMailbox } from '../../src/mail/path.ts'
import { startNsd } from '../support/nsd.ts'
import { peers } from '../support/peer.ts'
import { resolverOf } from './lab.ts'

const ip = (text: string): IpAddress => {
  const address = parseIp(text)
  if (!address.ok) throw new Error(address.error)
  return address.value
}
const sender = (text: string) => {
  const mailbox = parseMailbox(text)
  if (!mailbox.ok) throw new Error(mailbox.error)
  return mailbox.value
}

const zone = `
@ IN A 192.0.2.80
mail IN A 192.0.2.25
mail IN AAAA 2001:db8::25
liar IN A 198.51.100.1
own IN A 192.0.2.30
two IN MX 10 mail
nullmx IN MX 0 .
nullmx IN A 192.0.2.80
text IN TXT "only words"
`
const four = `
25 IN PTR mail.sender.test.
26 IN PTR liar.sender.test.
27 IN PTR gone.sender.test.
27 IN PTR two.sender.test.
28 IN PTR elsewhere.refused.test.
29 IN PTR "a\\ b.sender.test."
30 IN PTR liar.sender.test.
30 IN PTR own.sender.test.
`
const six = '5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 IN PTR mail.sender.test.'

describe.skipIf(!peers('nsd'))('asked of NSD', () => {
  const lab = async () => {
    const nsd = await startNsd({
      'sender.test': zone,
      '2.0.192.in-addr.arpa': four,
      '8.b.d.0.1.0.0.2.ip6.arpa': six,
    })
    return resolverOf({ servers: [{ host: '127.0.0.1', port: nsd.port }], timeoutMs: 5000, attempts: 1 })
  }

  test('an address and its name have to lead to each other', async () => {
    const resolver = await lab()
    const reverse = async (address: string) => {
      const { outcome, reason } = await checkReverse(resolver, ip(address))
      return `${outcome} ${reason}`
    }
    expect(await reverse('192.0.2.25')).toBe('clear null')
    expect(await reverse('2001:db8::25')).toBe('clear null')
    expect(await reverse('192.0.2.26')).toBe('listed liar.sender.test does not have the address 192.0.2.26')
    expect(await reverse('192.0.2.27')).toMatch(/^listed (?:gone|two)\.sender\.test does not have the address/)
    expect(await reverse('192.0.2.99')).toBe('listed 192.0.2.99 has no name')
    // One of the names is enough, in whatever order they come.
    expect(await reverse('192.0.2.30')).toBe('clear null')
  })

  test('what nobody can tell is an error, in whatever step', async () => {
    const resolver = await lab()
    expect((await checkReverse(resolver, ip('192.0.2.28'))).outcome).toBe('error')
    expect((await checkReverse(resolver, ip('203.0.113.1'))).outcome).toBe('error')
    expect((await checkSenderDomain(resolver, sender('a@x.refused.test'))).outcome).toBe('error')
    expect((await checkHelo(resolver, 'x.refused.test', ip('192.0.2.1'), () => false)).outcome).toBe('error')
  })

  test('a sender has a domain that takes mail', async () => {
    const resolver = await lab()
    const domain = async (text: string) => {
      const { outcome, reason } = await checkSenderDomain(resolver, sender(text))
      return `${outcome} ${reason}`
    }
    expect(await domain('a@two.sender.test')).toBe('clear null')
    expect(await domain('a@mail.sender.test')).toBe('clear null')
    expect(await domain('a@nullmx.sender.test')).toBe('listed nullmx.sender.test says that it takes none (null MX)')
    expect(await domain('a@nowhere.sender.test')).toBe('listed nowhere.sender.test does not exist')
    expect(await domain('a@text.sender.test')).toBe('listed text.sender.test has neither MX nor address')
    expect(await domain('a@[192.0.2.1]')).toBe('clear null')
    expect((await checkSenderDomain(resolver, null)).outcome).toBe('clear')
  })

  test('a HELO name exists, is full and nobody else’s', async () => {
    const resolver = await lab()
    const helo = async (name: string | null, client = '192.0.2.25') => {
      const ours = (one: string) => one === 'gw.example.com'
      const { outcome, reason } = await checkHelo(resolver, name, ip(client), ours)
      return `${outcome} ${reason}`
    }
    expect(await helo('mail.sender.test')).toBe('clear null')
    expect(await helo('MAIL.sender.test.')).toBe('clear null')
    expect(await helo('two.sender.test')).toBe('clear null')
    expect(await helo('nowhere.sender.test')).toBe('listed it does not exist')
    expect(await helo('text.sender.test')).toBe('listed it does not exist')
    expect(await helo('localhost')).toBe('listed it is no full host name')
    expect(await helo('192.0.2.25')).toBe('listed it is no full host name')
    expect(await helo('a b')).toBe('listed it is no host name')
    expect(await helo('GW.example.com')).toBe('listed it is a name of this host')
    expect(await helo('[192.0.2.25]')).toBe('clear null')
    expect(await helo('[IPv6:2001:DB8::25]', '2001:db8::25')).toBe('clear null')
    expect(await helo('[192.0.2.26]')).toBe('listed it is an address that is not yours')
    expect(await helo(null)).toBe('listed no name was given')
  })
})
