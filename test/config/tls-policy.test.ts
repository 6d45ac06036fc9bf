import { describe, expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { base, validated } from './check.ts'

const site = { ...base, localMx: { 'corp.example': { hold: 'later' } } }

function controlOf(sections: object) {
  const { document, diagnostics } = validated({ ...site, ...sections })
  if (document === null) return diagnostics.map(({ code, message }) => `${code} ${message}`)
  return compile(document).graph.control
}

describe('tlsPolicy and tlsReports', () => {
  test('what is as usual is not in the graph', () => {
    const usual = controlOf({ tlsPolicy: { dane: 'on', mtaSts: { port: 443 } }, tlsReports: 'off' })
    expect(usual).toEqual(controlOf({}))
    expect(usual).not.toHaveProperty('tlsPolicy')
    expect(usual).not.toHaveProperty('tlsReports')
  })

  test('what is not, is', () => {
    expect(controlOf({ tlsPolicy: { dane: 'off', mtaSts: 'off', ca: '/etc/ca.pem' } })).toMatchObject({
      tlsPolicy: { dane: false, mtaSts: false, ca: '/etc/ca.pem' },
    })
    expect(controlOf({ tlsPolicy: { except: ['b.example', '*.a.example'] } })).toMatchObject({
      tlsPolicy: { except: ['*.a.example', 'b.example'] },
    })
    expect(controlOf({ tlsPolicy: { mtaSts: { port: 8443 } } })).toMatchObject({
      tlsPolicy: { mtaSts: { port: 8443 } },
    })
  })

  test('reports are in the name of the postmaster and the gateway unless the document says so', () => {
    expect(controlOf({ tlsReports: {} })).toMatchObject({
      tlsReports: {
        from: 'postmaster@corp.example',
        contact: 'postmaster@corp.example',
        organization: expect.stringContaining('corp.example'),
      },
    })
  })

  const wrong: [string, object, RegExp][] = [
    ['a word that nobody knows', { tlsPolicy: { dane: 'maybe' } }, /MG12\d\d .*"on" or "off"/],
    ['a port that is none', { tlsPolicy: { mtaSts: { port: 0 } } }, /MG12\d\d .*1 to 65535/],
    ['a path that is not absolute', { tlsPolicy: { ca: 'ca.pem' } }, /MG1322/],
    ['a certificate in place of its path', { tlsPolicy: { ca: '-----BEGIN CERTIFICATE-----' } }, /MG1206/],
    ['a key that nobody knows', { tlsPolicy: { tlsa: 'on' } }, /MG1203/],
    ['a pattern that is none', { tlsPolicy: { except: 'a b' } }, /MG1301/],
    ['a pattern twice', { tlsPolicy: { except: ['a.example', 'A.example'] } }, /MG1401/],
    ['a mailbox that is none', { tlsReports: { from: 'tls' } }, /MG1303/],
    ['more than one line', { tlsReports: { contact: 'a\nb' } }, /MG1313/],
  ]
  for (const [name, sections, want] of wrong) {
    test(`refused: ${name}`, () => expect(controlOf(sections)).toEqual([expect.stringMatching(want)]))
  }
})
