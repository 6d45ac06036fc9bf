import { defineConfig, host, mx } from 'mailgw'

// LocalMX as MailQ has it: one host of its own, one domain on another port, and everything else by MX (`*,*`).
export default defineConfig({
  hostname: 'bart.example.com',
  postmaster: 'postmaster@localhost.com',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'localhost.com': 'local' },
  trusted: ['127.0.0.0/8', '192.168.0.0/16'],
  relaying: 'two-way',
  localMx: {
    'example.com': host('bart', 26),
    '*.example.com': host('bart', 26),
    'literal.example': host('192.0.2.25'),
    '*': mx(),
  },
})
