import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { greetingOf, type Occasion } from '../../src/ingress/greeting.ts'
import { localTime, ordinal } from '../../src/ingress/local-time.ts'
import { type Macro, macros, parseGreeting } from '../../src/mail/greeting-template.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { ListenerSettings } from '../../src/mail/settings.ts'
import { settings } from './house.ts'

const occasion: Occasion = {
  client: '192.0.2.1' as IpAddress,
  now: Date.UTC(2014, 5, 30, 12, 32, 12),
  version: '1.0.0',
  environment: { SITE: 'north', EVIL: 'x\r\n250 hello', LONG: 'y'.repeat(2000), constructor: undefined },
  offsetMinutes: 60,
}
const said = (greeting: string, over: Partial<ListenerSettings> = {}): string =>
  greetingOf({ ...settings(), hostname: 'gw.corp.example', greeting, ...over }, occasion)

describe('MQ-40 the text of a greeting', () => {
  test('without one it is the host name and ESMTP', () => {
    expect(greetingOf(settings(), occasion)).toBe('mx.example.org ESMTP')
  })

  test('the host name stands in front, whatever the text says', () => {
    expect(said('no name here')).toBe('gw.corp.example no name here')
  })

  test('it fits a reply line of 512 octets, whatever its variables hold', () => {
    const text = said('${env.LONG}'.repeat(20), { greetingEnvironment: ['LONG'] })
    expect(`220 ${text}\r\n`.length).toBeLessThanOrEqual(512)
  })
})

describe('MQ-41 macros', () => {
  test.each(Object.entries(macros) as [Macro, string][])('$%s is %s, as MailQ had it', (name, want) => {
    expect(said(`$${name}`)).toBe(`gw.corp.example ${want}`)
    expect(said(`[\${${name}}]`)).toBe(`gw.corp.example [${want}]`)
    expect(said(`$${name.toUpperCase()}`)).toBe(`gw.corp.example ${want}`)
  })

  test('a sample of MailQ is read as it stands', () => {
    const sample = 'Hello [$CLIENT_IP] - $EXENAME v$ver, $env.SITE^ ($env.SITE& CPU) on $env.SITE^ $fulldate $O $time'
    expect(said(sample, { greetingEnvironment: ['SITE'] })).toBe(
      'gw.corp.example Hello [192.0.2.1] - mailgw v1.0.0, north (north CPU) on north Monday, 30th June 2014 +0100 13:32',
    )
  })

  test('a dollar sign is written twice', () => expect(said('costs $$5')).toBe('gw.corp.example costs $5'))

  test('a variable of the environment is shown where the document allows it, and nowhere else', () => {
    expect(said('at ${env.SITE}.')).toBe('gw.corp.example at .')
    expect(said('at ${env.SITE}.', { greetingEnvironment: ['SITE'] })).toBe('gw.corp.example at north.')
    expect(said('at ${env.toString}.', { greetingEnvironment: ['toString'] })).toBe('gw.corp.example at .')
  })

  test('a line break in a variable makes no second reply', () => {
    expect(said('${env.EVIL}', { greetingEnvironment: ['EVIL'] })).toBe('gw.corp.example x250 hello')
  })

  test.each([
    ['$clientip', 'there is no macro $clientip'],
    ['${}', 'there is no macro ${}'],
    ['$yyyymmdd', 'there is no macro $yyyymmdd'],
    ['$constructor', 'there is no macro $constructor'],
    ['$pop_id', 'POP3 alone'],
    ['5$', 'for the sign itself write "$$"'],
    ['${time', 'for the sign itself write "$$"'],
    ['$env', 'written ${env.NAME}'],
    ['two\nlines', 'printable ASCII'],
    ['grüezi', 'printable ASCII'],
    ['', 'printable ASCII'],
    ['x'.repeat(301), 'at most 300 characters'],
  ])('%j is refused', (text, want) => {
    const read = parseGreeting(text)
    expect(read.ok ? 'read' : read.error).toContain(want)
  })

  test('whatever is read gives one line of printable ASCII', () => {
    const piece = fc.oneof(
      fc.constantFrom(...Object.keys(macros).map((name) => `$${name}`), '$$', '${env.EVIL}', '$', '{', '}', ' '),
      fc.string({ maxLength: 10 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = pieces.join('')
        if (!parseGreeting(text).ok) return
        expect(said(text, { greetingEnvironment: ['EVIL'] })).toMatch(/^gw\.corp\.example[ -~]*$/)
      }),
    )
  })
})

describe('the time on the wall', () => {
  test.each([
    [-570, '-0930', 3],
    [0, '+0000', 12],
    [345, '+0545', 18],
  ])('%i minutes from Greenwich it is %s', (offsetMinutes, offset, hour) => {
    expect(localTime(occasion.now, offsetMinutes)).toMatchObject({ offset, hour })
  })

  test('the year begins with day 1 and ends with day 366 when it is a leap year', () => {
    expect(localTime(Date.UTC(2024, 0, 1), 0).yearday).toBe(1)
    expect(localTime(Date.UTC(2024, 11, 31, 23, 59), 0)).toMatchObject({ yearday: 366, month: 12, day: 31 })
    expect(localTime(Date.UTC(2024, 11, 31, 23, 59), 1)).toMatchObject({ yearday: 1, year: 2025 })
  })

  test('days are counted as people do', () => {
    expect([1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30, 31].map(ordinal).join(' ')).toBe(
      '1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd 30th 31st',
    )
  })
})
