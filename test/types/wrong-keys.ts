import { defineConfig } from '../../src/index.ts'

const rest = {
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
} as const

export const top = defineConfig({
  ...rest,
    relying: 'two-way',
  //^ TS2561
})

export const relay = defineConfig({
  ...rest,
  relays: { isp: { hosts: 'smtp.isp.example', prot: 2525 } },
  //                                          ^ TS2353
})

export const gateway = defineConfig({
  ...rest,
  gateways: { gw1: { unx: '/var/lib/mailgw' } },
  //                 ^ TS2561
})

export const limit = defineConfig({
  ...rest,
  limits: { maxRecipient: 100 },
  //        ^ TS2561
})
