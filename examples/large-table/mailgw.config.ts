import { defineConfig, table } from 'mailgw'

// Routes come from a file that another program writes: one line a domain, its pattern and its target. A hundred thousand
// lines are read in a fraction of a second, and no decision takes longer for them.
export default defineConfig({
  hostname: 'gw.stores.example',
  postmaster: 'postmaster@stores.example',
  listeners: {
    lan: { kind: 'internal', bind: '127.0.0.1:2525' },
  },
  domains: {
    'stores.example': { recipients: table('people.csv', { header: true }) },
  },
  trusted: ['10.0.0.0/8'],
  relays: {
    north: { hosts: ['10.0.1.10', '10.0.1.11'] },
    south: { hosts: ['10.0.2.10', '10.0.2.11'] },
  },
  localMx: table('routes.tsv'),
})
