import { describe, expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { graphHash } from '../../src/graph/canonical.ts'
import { documentOf, problems } from './check.ts'

const gateways = (section: Record<string, unknown>) => ({ gateways: section })
const unix = { unix: '/var/lib/mailgw' }

describe('a gateway is reached in one of three ways', () => {
  test('over a socket of this machine, over ssh, or over TLS', () => {
    const section = gateways({
      gw1: { unix: 'state', groups: 'canary' },
      gw2: { ssh: 'mail@gw2.corp.example:2222', socket: '/var/lib/mailgw', groups: ['rest', 'east'], env: 'prod' },
      gw3: { tls: '[2001:db8::3]:8443', token: { $secret: 'env:GW3' }, ca: 'ca.pem', addresses: '192.0.2.3' },
      gw4: { tls: 'gw4:8443', cert: 'ci.pem', key: '/etc/ci.key', addresses: ['Gw4.Corp.Example', '[2001:DB8::4]'] },
      gw5: { ssh: 'bart', socket: '/run/mailgw.sock' },
    })
    expect(documentOf(section).gateways).toEqual([
      {
        at: 'gateways.gw1',
        name: 'gw1',
        groups: ['canary'],
        env: null,
        addresses: [],
        reach: { kind: 'unix', path: 'state' },
      },
      {
        at: 'gateways.gw2',
        name: 'gw2',
        groups: ['rest', 'east'],
        env: 'prod',
        addresses: [],
        reach: { kind: 'ssh', user: 'mail', host: 'gw2.corp.example', port: 2222, path: '/var/lib/mailgw' },
      },
      {
        at: 'gateways.gw3',
        name: 'gw3',
        groups: [],
        env: null,
        addresses: ['192.0.2.3'],
        reach: {
          kind: 'tls',
          host: '2001:db8::3',
          port: 8443,
          ca: 'ca.pem',
          certificate: null,
          token: { $secret: 'env:GW3' },
        },
      },
      {
        at: 'gateways.gw4',
        name: 'gw4',
        groups: [],
        env: null,
        addresses: ['gw4.corp.example', '2001:db8::4'],
        reach: {
          kind: 'tls',
          host: 'gw4',
          port: 8443,
          ca: null,
          certificate: { cert: 'ci.pem', key: '/etc/ci.key' },
          token: null,
        },
      },
      {
        at: 'gateways.gw5',
        name: 'gw5',
        groups: [],
        env: null,
        addresses: [],
        reach: { kind: 'ssh', user: null, host: 'bart', port: null, path: '/run/mailgw.sock' },
      },
    ])
  })

  test('a document without gateways has none', () => expect(documentOf({}).gateways).toEqual([]))

  const cases: [rule: string, gateway: Record<string, unknown>, want: string[]][] = [
    ['no way', { groups: 'canary' }, ['MG1319 key of gateways.gw']],
    ['two ways', { ...unix, tls: 'gw:8443', token: { $secret: 'env:T' } }, ['MG1319 key of gateways.gw.tls']],
    ['ssh without the socket there', { ssh: 'gw' }, ['MG1202 key of gateways.gw']],
    ['a socket without ssh', { ...unix, socket: '/s' }, ['MG1209 key of gateways.gw.socket']],
    ['a token without TLS', { ...unix, token: { $secret: 'env:T' } }, ['MG1209 key of gateways.gw.token']],
    ['TLS without saying who we are', { tls: 'gw:8443' }, ['MG1202 key of gateways.gw']],
    ['TLS without a port', { tls: 'gw', token: { $secret: 'env:T' } }, ['MG1305 gateways.gw.tls']],
    ['a certificate without its key', { tls: 'gw:1', cert: 'a.pem' }, ['MG1202 key of gateways.gw.cert']],
    ['a key without its certificate', { tls: 'gw:1', key: 'a.key' }, ['MG1202 key of gateways.gw.key']],
    ['a token in clear text', { tls: 'gw:1', token: 'hunter2' }, ['MG1206 gateways.gw.token']],
    [
      'a token that is no reference',
      { tls: 'gw:1', token: { $secret: 'hunter2' } },
      ['MG1206 gateways.gw.token.$secret'],
    ],
    [
      'a private key in the document',
      { tls: 'gw:1', cert: 'a.pem', key: '-----BEGIN PRIVATE KEY-----' },
      ['MG1206 gateways.gw.key'],
    ],
    ['an option of ssh for a host', { ssh: '-oProxyCommand=x', socket: '/s' }, ['MG1319 gateways.gw.ssh']],
    ['an option of ssh behind a user', { ssh: 'me@-oProxyCommand=x', socket: '/s' }, ['MG1319 gateways.gw.ssh']],
    ['an option of ssh for a user', { ssh: '-l@gw', socket: '/s' }, ['MG1319 gateways.gw.ssh']],
    ['a shell in a host', { ssh: 'gw;reboot', socket: '/s' }, ['MG1319 gateways.gw.ssh']],
    ['a port that is none', { ssh: 'gw:99999', socket: '/s' }, ['MG1319 gateways.gw.ssh']],
    ['a socket that ssh would cut in two', { ssh: 'gw', socket: '/a:b' }, ['MG1319 gateways.gw.socket']],
    ['a socket relative to nobody knows what', { ssh: 'gw', socket: 'state' }, ['MG1319 gateways.gw.socket']],
    ['a group twice', { ...unix, groups: ['a', 'a'] }, ['MG1401 gateways.gw.groups[1]']],
    ['a group that is a share', { ...unix, groups: '25%' }, ['MG1313 gateways.gw.groups']],
    ['no groups in a list', { ...unix, groups: [] }, ['MG1205 gateways.gw.groups']],
    ['an address with a port', { ...unix, addresses: '192.0.2.1:25' }, ['MG1305 gateways.gw.addresses']],
    ['an environment that is no name', { ...unix, env: 'a b' }, ['MG1313 gateways.gw.env']],
    ['a misspelt key', { unx: '/s' }, ['MG1203 key of gateways.gw.unx']],
  ]
  test.each(cases)('%s is refused', (_rule, gateway, want) => {
    expect(problems(gateways({ gw: gateway }))).toEqual(want)
  })
})

test('a name in --waves means one thing: a gateway, a group, or all of them', () => {
  expect(problems(gateways({ all: unix }))).toEqual(['MG1412 key of gateways.all'])
  expect(problems(gateways({ a: { ...unix, groups: 'all' } }))).toEqual(['MG1412 gateways.a.groups'])
  expect(problems(gateways({ a: { ...unix, groups: 'b' }, b: unix }))).toEqual(['MG1412 gateways.a.groups'])
})

test('to name a gateway does not change the graph', () => {
  const hash = (sections: Record<string, unknown>) => graphHash(compile(documentOf(sections)).graph)
  expect(hash(gateways({ gw1: unix, gw2: { ...unix, addresses: '192.0.2.1', env: 'lab' } }))).toBe(hash({}))
})
