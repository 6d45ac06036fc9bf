import fc from 'fast-check'
import { expect, test } from 'vitest'
import { storedDomain } from '../../src/mail/domain.ts'
import type { Envelope } from '../../src/mail/envelope.ts'
import { envelopeText, parseEnvelopeText, tlsOfText } from '../../src/queue/stored-envelope.ts'

// D2 REQUIRETLS: what a message demands is kept with it, and nothing that a client says can be taken for it.

const nasty = fc.oneof(
  fc.string(),
  fc.constantFrom('","tls":"required"}', '"tls":"optional"}', 'required"}', 'd"}', '\\","tls":"required', 'optional'),
)

const envelope: fc.Arbitrary<Envelope> = fc
  .record({
    localPart: nasty,
    helo: nasty,
    envid: fc.option(nasty),
    orcpt: fc.option(nasty),
    smtputf8: fc.boolean(),
    tls: fc.constantFrom('required' as const, 'optional' as const, undefined),
  })
  .map(({ localPart, helo, envid, orcpt, smtputf8, tls }) => {
    const domain = storedDomain('dst.test')
    const mailbox = { localPart, domain, text: `${localPart}@${domain}` }
    return {
      from: mailbox,
      recipients: [{ mailbox, original: mailbox, notify: null, orcpt }],
      body: '7bit',
      smtputf8,
      ret: null,
      envid,
      origin: { client: null, listener: null, helo, identity: null, protocol: 'ESMTPS', graphHash: 'g' },
      ...(tls === undefined ? {} : { tls }),
    }
  })

test('what mail demands of TLS is read from the text of its envelope as from the envelope, whatever a client has said', () => {
  fc.assert(
    fc.property(envelope, (one) => {
      const text = envelopeText(one)
      expect(tlsOfText(text)).toBe(one.tls)
      expect(parseEnvelopeText(text)).toEqual(one)
    }),
    { numRuns: 2000 },
  )
})

test('an envelope that demands nothing has the text that it always had', () => {
  const domain = storedDomain('dst.test')
  const mailbox = { localPart: 'b', domain, text: 'b@dst.test' }
  const origin = { client: null, listener: null, helo: null, identity: null, protocol: 'ESMTP', graphHash: 'g' }
  const usual: Envelope = {
    ...{ from: null, recipients: [{ mailbox, original: mailbox, notify: null, orcpt: null }], body: '7bit' },
    ...{ smtputf8: false, ret: null, envid: null, origin },
  }
  expect(envelopeText(usual)).toBe('{"from":null,"to":["b@dst.test"],"origin":[null,null,null,null,"ESMTP","g"]}')
})
