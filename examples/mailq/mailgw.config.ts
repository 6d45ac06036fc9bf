import { byEnv, defineConfig, host } from 'mailgw'

// The [LocalMX] table of MailQ's manual, line by line:
//
//   Item1=localhost.com,snoopy     -> by address records of snoopy, port 25
//   Item2=example.com,bart:26      -> port 26
//   Item3=*,mail.isp.com:2525      -> all other domains by the ISP
//
// MailQ warns that messages of a test "may escape into the internet". Here a test names its environment
// (`--env lab`), in which all three servers are on loopback.
export default defineConfig({
  hostname: 'mailq.localhost.com',
  postmaster: 'admin@localhost.com',
  listeners: {
    smtp: { kind: 'mx', bind: '127.0.0.1:2525' },
  },
  domains: {
    'localhost.com': 'relay',
    'example.com': 'relay',
  },
  trusted: ['127.0.0.0/8', '192.168.2.0/24'],
  // SMTPRelay=2
  relaying: 'two-way',
  localMx: {
    'localhost.com': byEnv({ lab: host('127.0.0.1', 2601), default: host('snoopy') }),
    'example.com': byEnv({ lab: host('127.0.0.1', 2602), default: host('bart', 26) }),
    '*': byEnv({ lab: host('127.0.0.1', 2603), default: host('mail.isp.com', 2525) }),
  },
})
