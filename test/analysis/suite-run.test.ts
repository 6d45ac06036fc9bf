import { describe, expect, test } from 'vitest'
import { runCases } from '../../src/analysis/suite-run.ts'
import { fateText } from '../../src/analysis/suite-words.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { casesOf, graphOf, problemsOf, siteDocument } from './suite-site.ts'

const graph = graphOf(siteDocument)
const stranger = { listener: 'mx', client: '203.0.113.9' }
const inside = { listener: 'lan', client: '10.1.2.3' }

const verdict = (row: Readonly<Record<string, unknown>>) =>
  runCases(interpreter(graph), casesOf(graph, [row]))[0]!.verdict

/** `passed`, what came instead, or the oracles that it depends on. */
function said(row: Readonly<Record<string, unknown>>): string {
  const result = verdict(row)
  if (result.kind === 'failed') return fateText(result.ending.fate)
  return result.kind === 'depends' ? `depends on ${result.oracles.join()}` : 'passed'
}

describe('a demand holds when what comes of the message is what it says', () => {
  const rows = [
    { ...inside, to: 'a@x.partner.example', expect: 'relay partner tls=verify' },
    { ...inside, to: 'a@c.org', expect: 'relay isp' },
    { ...inside, to: 'a@h.lab.example', expect: 'hosts bart:26 tls=may' },
    { ...inside, to: 'a@held.example', expect: 'held' },
    { ...inside, to: 'a@gone.example', expect: 'discard' },
    { ...inside, to: 'a@mx.example', expect: 'mx tls=encrypt' },
    { ...inside, to: 'Ann@corp.example', expect: 'delivered to=ann@corp.example' },
    { ...inside, to: 'ann@corp.example', expect: 'delivered mail' },
    { ...inside, to: 'all@corp.example', expect: 'delivered to=bob@corp.example,ann@corp.example' },
    { ...inside, to: 'nobody@corp.example', expect: 'rejected 550 stage=rcpt by=domains["corp.example"]' },
    { ...inside, from: 'x@a.spam.example', to: 'a@c.org', expect: 'rejected stage=mail by=deny[0]' },
    { ...inside, size: '6MiB', to: 'a@c.org', expect: 'rejected 552 by=listeners.lan.maxSize' },
    { ...inside, hops: 200, to: 'a@c.org', expect: 'rejected 554 stage=data' },
    { ...stranger, to: 'a@c.org', expect: 'rejected 550 by=relaying' },
    { listener: 'mx', client: '198.51.100.7', expect: 'rejected stage=connect' },
  ]
  test.each(rows)('$to $expect', (row) => expect(said(row)).toBe('passed'))
})

describe('a demand that does not hold says what came', () => {
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ ...inside, to: 'a@c.org', expect: 'relay partner' }, 'relay isp tls=may to=a@c.org'],
    [{ ...inside, to: 'a@c.org', expect: 'relay isp tls=verify' }, 'relay isp tls=may to=a@c.org'],
    [{ ...inside, to: 'a@c.org', expect: 'rejected' }, 'relay isp tls=may to=a@c.org'],
    [{ ...inside, to: 'a@h.lab.example', expect: 'hosts bart:25' }, 'hosts bart:26 to=a@h.lab.example'],
    [
      { ...inside, to: 'all@corp.example', expect: 'accepted to=ann@corp.example' },
      'delivered mail to=ann@corp.example,bob@corp.example',
    ],
    [{ ...stranger, to: 'a@c.org', expect: 'deferred' }, 'rejected 550 5.7.1 relaying denied at rcpt'],
    [{ ...stranger, to: 'a@c.org', expect: 'rejected 554' }, 'rejected 550 5.7.1 relaying denied at rcpt'],
    [{ ...inside, to: 'ann@corp.example', expect: 'delivered other' }, 'delivered mail to=ann@corp.example'],
  ]
  test.each(cases)('%o', (row, came) => expect(said(row)).toBe(came))
})

describe('an answer that nobody has assumed', () => {
  const asked = { ...stranger, to: 'ann@corp.example' }

  test('makes a test fail that holds for some answers only, and names the oracles that matter', () => {
    expect(said({ ...asked, expect: 'delivered' })).toBe('depends on dnsbl.zen,dnsbl.two')
    expect(said({ ...asked, assume: { 'dnsbl.zen': 'error' }, expect: 'delivered' })).toBe('depends on dnsbl.two')
    expect(said({ ...asked, assume: { 'dnsbl.two': 'clear' }, expect: 'delivered' })).toBe('depends on dnsbl.zen')
  })

  test('does no harm where every answer comes to the same', () => {
    expect(said({ ...stranger, to: 'a@c.org', expect: 'rejected' })).toBe('passed')
    const neither = { 'dnsbl.zen': 'clear', 'dnsbl.two': 'clear' }
    expect(said({ ...asked, assume: neither, expect: 'delivered' })).toBe('passed')
    expect(said({ ...asked, assume: { 'dnsbl.zen': 'listed' }, expect: 'rejected' })).toBe('passed')
    expect(said({ ...asked, assume: { 'dnsbl.two': 'error' }, expect: 'relay isp' })).not.toContain('depends')
  })
})

describe('a row that cannot be meant is refused, and says why', () => {
  const wrong: readonly (readonly [unknown, string])[] = [
    [
      { expect: 'relay isp', to: 'a@b.org', lisener: 'mx' },
      'MG1203 [0].lisener: unknown key (did you mean "listener"?)',
    ],
    [{ to: 'a@b.org' }, 'MG1202 [0]: expected `expect`, such as `expect: relay isp`'],
    [
      { to: 'a@b.org', listener: 'lam', expect: 'accepted' },
      'MG1403 [0].listener: no listener is called "lam"; did you mean "lan"?',
    ],
    [
      { to: 'a@b.org', expect: 'relay partnr' },
      'MG1402 [0].expect: no relay is called "partnr"; did you mean "partner"?',
    ],
    [{ to: 'a.b.org', expect: 'accepted' }, 'MG1303 [0].to: expected local-part@domain, got "a.b.org"'],
    [
      { to: 'a@b.org', size: '20', expect: 'accepted' },
      "MG1308 [0].size: expected a size with its unit, such as '20MiB', '20MB' or '500KB', got \"20\"",
    ],
    [
      { to: 'a@b.org', assume: { 'dnsbl.zem': 'listed' }, expect: 'accepted' },
      'MG1802 [0].assume["dnsbl.zem"]: the document asks no oracle called "dnsbl.zem" (did you mean "dnsbl.zen"?)',
    ],
    [
      { to: 'a@b.org', assume: { 'dnsbl.zen': 'maybe' }, expect: 'accepted' },
      'MG1204 [0].assume["dnsbl.zen"]: expected listed, clear or error, got "maybe"',
    ],
    [{ to: 'a@b.org', expect: 'rejected 550 relay isp' }, 'MG1803 [0].expect: a message is either rejected or relay'],
    [
      { to: 'a@b.org', expect: 'rejected 450' },
      'MG1803 [0].expect: expected rejected with a code from 500 to 599, got 450',
    ],
    [
      { to: 'a@b.org', expect: 'rejected tls=may' },
      'MG1803 [0].expect: what is rejected goes nowhere: leave out tls and to',
    ],
    [
      { to: 'a@b.org', expect: 'acepted' },
      'MG1803 [0].expect: expected one of accepted, rejected, deferred, relay, hosts, mx, delivered, held, discarded, tls, to, by, stage, tagged, got "acepted" (did you mean "accepted"?)',
    ],
    [{ to: 'a@b.org', expect: '' }, 'MG1803 [0].expect: nothing is expected of this message'],
    [{ expect: 'relay isp' }, 'MG1202 [0]: expected a recipient (`to`): without one no mail goes anywhere'],
    [
      { to: 'a@b.org', expect: 'accepted by=deny[7]' },
      'MG1803 [0].expect: nothing in the document that decides is called "deny[7]" (did you mean "deny[0]"?)',
    ],
  ]
  test.each(wrong)('%o', (row, message) => expect(problemsOf(graph, [row])).toEqual([message]))

  test('a file without any test is no success', () => {
    expect(problemsOf(graph, [])[0]).toMatch(/^MG1801 the file holds no test/)
    expect(problemsOf(graph, {})[0]).toMatch(/^MG1801 the file holds no test/)
  })
})
