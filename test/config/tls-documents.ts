import { base } from './check.ts'

const elsewhere = ['mx', 'submission', '127.0.0.1:2599']

const site = { ...base, localMx: { 'corp.example': { hold: 'later' } } }

/** Documents with every key of `tlsPolicy` and `tlsReports`, and values to try each leaf with. */
export const tlsCases = [
  {
    document: {
      ...site,
      tlsPolicy: { dane: 'off', mtaSts: { port: 8443 }, except: ['*.a.example', 'b.example'], ca: '/etc/ca.pem' },
      tlsReports: { from: 'tls@corp.example', contact: 'ops@corp.example', organization: 'Corp' },
    },
    candidates: ['on', 'off', 9443, '/etc/other.pem', 'other@corp.example', 'c.example', ...elsewhere],
  },
  { document: { ...site, tlsPolicy: { mtaSts: 'off' } }, candidates: ['on', ...elsewhere] },
]
