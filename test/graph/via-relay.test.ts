import { expect, test } from 'vitest'
import type { Control } from '../../src/graph/control.ts'
import { viaRelay } from '../../src/graph/via-relay.ts'
import { storedDomain } from '../../src/mail/domain.ts'
import type { NextHop, Route } from '../../src/mail/next-hop.ts'
import type { RelaySettings, TlsLevel } from '../../src/mail/settings.ts'

// EX-39: another relay for mail that waits, chosen by an operator, opens nothing.

const levels: readonly TlsLevel[] = ['off', 'may', 'encrypt', 'verify']

const relay = (name: string, tls: TlsLevel): RelaySettings => ({
  name,
  hosts: [{ host: `${name}.example`, port: 25 }],
  tls,
  auth: null,
  connections: 5,
})

const control = { relays: levels.map((tls) => relay(tls, tls)) } as unknown as Control

const to = (nextHop: NextHop): Route => ({ kind: 'next-hop', nextHop, at: 'localMx["*"]' })
const mx = (tls: TlsLevel): Route =>
  to({ kind: 'mx', key: 'mx:a.example', domain: storedDomain('a.example'), tls, port: 25 })

for (const wanted of levels) {
  for (const given of levels) {
    const may = levels.indexOf(given) >= levels.indexOf(wanted)
    test(`mail whose route demands TLS ${wanted} ${may ? 'may' : 'may not'} go by a relay with ${given}`, () => {
      for (const route of [mx(wanted), to({ kind: 'relay', key: 'relay:x#1', relay: relay('x', wanted) })]) {
        const { route: chosen, why } = viaRelay(route, given, control)
        if (may) {
          expect(why).toBeNull()
          expect(chosen).toMatchObject({ kind: 'next-hop', nextHop: { kind: 'relay', relay: { name: given } } })
        } else {
          expect(why).toBe(`its route demands TLS ${wanted}, and the relay ${given} has ${given}`)
          expect(chosen).toBe(route)
        }
      }
    })
  }
}

const standing: readonly (readonly [Route, string])[] = [
  [{ kind: 'refuse', reply: { code: 550, status: '5.7.1', text: 'no' }, at: 'x' }, 'the document says refuse'],
  [{ kind: 'hold', reason: 'parked', at: 'x' }, 'the document says hold'],
  [{ kind: 'discard', at: 'x' }, 'the document says discard'],
  [to({ kind: 'maildir', key: 'maildir:a', dir: 'a' }), 'it is for a mailbox of ours'],
]
for (const [route, why] of standing) {
  test(`what is no next hop stays what it is: ${why}`, () => {
    expect(viaRelay(route, 'verify', control)).toEqual({ route, why })
  })
}

test('a relay that the document does not declare any more is not used', () => {
  const route = mx('off')
  expect(viaRelay(route, 'gone', control)).toEqual({ route, why: 'the document declares no relay gone' })
})

test('the next hop is the one that the document would name: one lane, one set of connections', () => {
  const [one, two] = [viaRelay(mx('off'), 'may', control), viaRelay(mx('may'), 'may', control)]
  const hop = (route: Route) => (route.kind === 'next-hop' ? route.nextHop : null)
  expect(hop(one.route)).toBe(hop(two.route))
})
