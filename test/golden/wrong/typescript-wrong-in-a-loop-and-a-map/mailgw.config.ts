import { host, via } from 'mailgw'

const localMx: Record<string, unknown> = { '*': via('isp') }
for (const site of ['berlin', 'bonn']) localMx[`*.${site}.example`] = via('brat')

export default {
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  relays: { isp: { hosts: ['smtp.isp.example'] } },
  localMx: {
    ...localMx,
    ...Object.fromEntries(['x', 'y'].map((name) => [`${name}.example`, host(name, 99999)])),
  },
}
