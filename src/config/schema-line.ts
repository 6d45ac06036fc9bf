import { mechanisms } from '../mail/login-settings.ts'
import { defaults } from './defaults.ts'
import { duration, either, flag, keys, list, listOrTable, many, oneOf, secret, text } from './schema-values.ts'

/** The line of a listener: TLS, login, who may claim what, manners. The keys of `schema-sections.ts` stand beside them. */

const network = "an address block, such as '192.0.2.0/24'"
const modes = ['offered', 'required', 'implicit'] as const

export const pemFile = (what: string, example: string) =>
  text('an absolute path').meta({ description: `${what}, an absolute path on the gateway.`, examples: [example] })

/** Of a web server that is asked: how the gateway shows itself, and who vouches for the server. */
export const webServer = {
  header: keys({
    name: text('the name of a header').meta({ description: 'Its name.', examples: ['Authorization'] }),
    value: secret(),
  })
    .meta({ description: 'A header that shows who asks.' })
    .optional(),
  ca: pemFile(
    "File of the certificates that vouch for it (PEM); by default the system's",
    '/etc/mailgw/ca.pem',
  ).optional(),
}

const modeText =
  '`offered`: STARTTLS for who wants it. `required`: STARTTLS, and no mail without it. `implicit`: TLS from the first octet (port 465, RFC 8314).'

const tls = either("'off', 'offered', 'required', 'implicit' or an object with keys", [
  oneOf(['off', ...modes]),
  keys({
    mode: oneOf(modes).meta({ description: modeText, examples: ['required'] }),
    certificates: many('the name of a certificate')
      .meta({
        description:
          'Certificates of `certificates`: the first is the default, the others are chosen by the name that the client asks for (SNI). May be left out where only one is declared.',
        examples: [['main', 'old-name']],
      })
      .optional(),
    minVersion: oneOf(['TLSv1.2', 'TLSv1.3'])
      .meta({ description: 'Oldest version that is spoken (RFC 8996).', default: defaults.tls.minVersion })
      .optional(),
    ciphers: text("a list of ciphers as OpenSSL writes it, such as 'ECDHE+AESGCM:!SHA1'")
      .meta({
        description: "Ciphers of TLS 1.2, as OpenSSL writes them. Default: the runtime's.",
        examples: ['ECDHE+AESGCM:ECDHE+CHACHA20'],
      })
      .optional(),
    clientCa: pemFile('File of the certificates that vouch for clients (PEM)', '/etc/mailgw/clients.pem')
      .meta({
        description:
          'File of the certificates that vouch for clients (PEM), an absolute path on the gateway. Clients are asked for theirs, and may come without.',
      })
      .optional(),
  }),
])

const login = either("'off', 'offered', 'required' or an object with keys", [
  oneOf(['off', 'offered', 'required']),
  keys({
    required: flag()
      .meta({
        description: 'Nobody sends a message who has not logged in.',
        default: defaults.login.required,
        examples: [true],
      })
      .optional(),
    mechanisms: list(
      oneOf(mechanisms.filter((name): name is Exclude<typeof name, 'CRAM-MD5'> => name !== 'CRAM-MD5')),
      'mechanisms',
    )
      .meta({
        description:
          'Mechanisms in the order in which EHLO names them. Default: those that every back-end of `credentials` can serve for all of its users.',
        examples: [['SCRAM-SHA-256', 'PLAIN']],
      })
      .optional(),
    legacy: list(oneOf(['CRAM-MD5']), 'legacy mechanisms')
      .meta({
        description:
          'Mechanisms for which a password has to be kept in a form that can be read again: `cramKey` of `credentials`, and `cram` of users.',
        examples: [['CRAM-MD5']],
      })
      .optional(),
    clearTextFrom: listOrTable(network)
      .meta({
        description:
          'Networks that may log in without TLS, for devices that cannot: the password can be read on the way. Table column: `network`.',
        examples: [['10.20.0.0/24']],
      })
      .optional(),
  }),
])

export const line = {
  tls: tls
    .meta({
      description: `TLS. ${modeText} Short for an object with this \`mode\`.`,
      default: defaults.listener.tls,
      examples: ['offered', { mode: 'implicit', certificates: ['main'] }],
    })
    .optional(),
  login: login
    .meta({
      description:
        'Login (AUTH, RFC 4954), with `credentials`. `offered`: for who wants it. `required`: nobody sends without. Only under TLS, but for the networks of `clearTextFrom`.',
      default: defaults.listener.login,
      examples: ['required', { required: true, mechanisms: ['PLAIN'] }],
    })
    .optional(),
  allowFrom: listOrTable(network)
    .meta({
      description: 'Networks that may connect to this listener. Default: all. Table column: `network`.',
      examples: [['10.0.0.0/8']],
    })
    .optional(),
  proxy: keys({
    from: listOrTable(network).meta({
      description:
        'Networks of the balancers. Each of their connections must begin with a header; nobody else may send one. Table column: `network`.',
      examples: [['10.0.0.5']],
    }),
    timeout: duration()
      .meta({ description: 'Wait for the header.', default: defaults.listener.proxyTimeout })
      .optional(),
  })
    .meta({ description: 'The PROXY protocol, v1 and v2: a balancer in front says who the client is.' })
    .optional(),
  xclient: listOrTable(network)
    .meta({
      description:
        'Networks of test hosts that may say XCLIENT: they can claim to be any client. Table column: `network`.',
      examples: [['127.0.0.1']],
    })
    .optional(),
  greeting: either('a text, or { text, environment }', [
    text(),
    keys({
      text: text().meta({ description: 'The text, a template.', examples: ['$server_name on ${env.SITE}'] }),
      environment: many('the name of an environment variable')
        .meta({
          description: 'Environment variables of the gateway that `${env.NAME}` may show.',
          examples: [['SITE']],
        })
        .optional(),
    }),
  ])
    .meta({
      description: 'Text of the greeting behind the host name, a template (`docs/front-door.md`). Default: `ESMTP`.',
      examples: ['ESMTP $exename, $r'],
    })
    .optional(),
  greetingDelay: duration()
    .meta({
      description: 'Wait before the greeting: who talks meanwhile has not waited for it, as RFC 5321 §4.3.1 demands.',
      examples: ['2s'],
    })
    .optional(),
  earlyTalkers: oneOf(['refuse', 'observe'])
    .meta({
      description: 'Who talks before the greeting. `refuse`: 554 and the end. `observe`: written to the log.',
      default: defaults.listener.earlyTalkers,
    })
    .optional(),
  addresses: oneOf(['strict', 'loose'])
    .meta({
      description:
        'Syntax of MAIL and RCPT. `strict`: RFC 5321 §4.1.2 to the letter. `loose`: also without angle brackets or colon, with blanks, and with "_" in domains, as devices write them. Default: `loose` for listeners of kind `internal`.',
      examples: ['loose'],
    })
    .optional(),
  lineEndings: oneOf(['strict', 'mend'])
    .meta({
      description:
        'A bare LF in the text of a message. `strict`: 550. `mend`: it becomes CRLF, for scripts and devices that send files as they are. Only CRLF.CRLF ends a message either way. Default: `strict` for listeners of kind `mx`, else `mend`.',
      examples: ['strict'],
    })
    .optional(),
  vrfy: listOrTable(network)
    .meta({
      description:
        'Networks to which VRFY tells whether a mailbox exists. Everybody else reads 252 (RFC 5321 §3.5.3). Table column: `network`.',
      examples: [['10.0.0.0/8']],
    })
    .optional(),
  time: flag()
    .meta({ description: 'The TIME command: 250 and the time of the gateway.', default: defaults.listener.time })
    .optional(),
  helo: oneOf(['accept', 'refuse'])
    .meta({
      description: 'HELO, the greeting of old clients. `refuse`: EHLO only; RFC 5321 §2.2.1 wants it accepted.',
      default: defaults.listener.helo,
    })
    .optional(),
}

export const certificate = keys({
  cert: pemFile('File of the certificate and its chain (PEM)', '/etc/mailgw/main.pem'),
  key: pemFile('File of its private key (PEM)', '/etc/mailgw/main.key'),
})
