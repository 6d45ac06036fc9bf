import { base } from './check.ts'

const rewriting = (of: string, header = 'off') => ({
  senders: { [`${of}.corp.example`]: 'corp.example' },
  recipients: { [`to.${of}.corp.example`]: 'joe@corp.example' },
  addresses: { [`*.${of}.corp.example`]: 'corp.example' },
  except: [`root@${of}.corp.example`],
  header,
})
const kept = { keep: '9d', maxSize: '3GiB' }

/** Documents with every key of `rewrite`, `srs`, `journal`, `archive` and `conversion`, and values to try each leaf with. */
export const copiesCases = [
  {
    document: {
      ...base,
      domains: { 'corp.example': 'local', 'also.example': 'local' },
      trusted: ['10.0.0.0/8'],
      clients: { app: { networks: ['192.0.2.0/24'], internal: true, class: 'bulk', rewrite: rewriting('app') } },
      relays: {
        zz: { hosts: ['zz'] },
        isp: { hosts: ['smtp.isp.example'], conversion: 'refuse', rewrite: rewriting('isp') },
      },
      localMx: { 'corp.example': { hold: 'later' }, 'also.example': { hold: 'later' }, '*': { relay: 'isp' } },
      destinations: { 'partner.example': { conversion: 'refuse', rewrite: rewriting('partner') } },
      rewrite: rewriting('host'),
      srs: {
        domain: 'corp.example',
        secret: [{ $secret: 'env:SRS' }, { $secret: 'env:SRS_OLD' }],
        validFor: '3d',
        of: 'leaving',
      },
      journal: [
        {
          to: 'journal@corp.example',
          form: 'message',
          match: { senders: ['a.example'], recipients: ['b.example'], direction: 'in' },
        },
      ],
      archive: { sent: { dir: 'archive/sent', ...kept }, failed: { dir: 'archive/failed', ...kept } },
    },
    candidates: [
      ...['joe@corp.example', 'other.example', '10.9.0.0/16', 'isp', 'smtp2.isp.example', 'on', 'convert', 'forwarded'],
      ...['also.example', 'zz', '5d', 'submission', 'mx', '127.0.0.1:99'],
      ...['7h', '1GiB', 'report', 'out', 'internal', 'app@corp.example', 'archive/other', 'env:OTHER', true, 'local'],
    ],
  },
  {
    document: {
      ...base,
      domains: { 'corp.example': 'local', 'also.example': 'local' },
      localMx: { 'corp.example': { hold: 'later' }, 'also.example': { hold: 'later' }, '*': { hold: 'later' } },
      srs: { domain: 'corp.example', secret: { $secret: 'env:SRS' } },
    },
    candidates: ['env:OTHER', 'also.example', 'submission', 'mx', '127.0.0.1:99'],
  },
]
