import { defineConfig, env, via } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } },
  trusted: ['10.0.0.0/8'],
  relays: {
    isp: { hosts: 'smtp.isp.example:587', tls: 'off', auth: { user: 'gw', pass: env.secret('ISP_PASS') } },
  },
  localMx: { '*': via('isp') },
})
