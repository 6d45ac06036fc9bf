import { keys, many, secret, text } from './schema-values.ts'

/** One gateway as the machine that applies reaches it: `unix`, `ssh` or `tls`. */
export const gateway = keys({
  unix: text('a path')
    .meta({
      description:
        'On this machine: its state folder, or its admin socket (a path that ends in `.sock`). Relative to the document.',
      examples: ['/var/lib/mailgw'],
    })
    .optional(),
  ssh: text("user@host, such as 'mail@gw2.corp.example'")
    .meta({
      description:
        'By the ssh of this machine, `user@host` or `user@host:port`; its settings, keys and known hosts hold. Forwards the socket and runs no command there.',
      examples: ['mail@gw2.corp.example'],
    })
    .optional(),
  socket: text('a path')
    .meta({
      description: 'With `ssh`: state folder or admin socket on the gateway, absolute.',
      examples: ['/var/lib/mailgw'],
    })
    .optional(),
  tls: text("host:port, such as 'gw3.corp.example:8443'")
    .meta({
      description: 'Over TLS, `host:port` of its admin API. Needs `token`, or `cert` and `key`.',
      examples: ['gw3.corp.example:8443'],
    })
    .optional(),
  ca: text('a file')
    .meta({
      description: "With `tls`: file of the certificates that vouch for it (PEM). Default: the system's.",
      examples: ['tls/ca.pem'],
    })
    .optional(),
  cert: text('a file')
    .meta({ description: 'With `tls`: file of our certificate (PEM).', examples: ['tls/deploy.pem'] })
    .optional(),
  key: text('a file')
    .meta({ description: 'With `cert`: file of its private key (PEM).', examples: ['/etc/mailgw/deploy.key'] })
    .optional(),
  token: secret()
    .meta({ description: 'With `tls`: token, resolved where `apply` runs, not on the gateway.', title: 'secret' })
    .optional(),
  groups: many('a name')
    .meta({ description: 'Groups that it belongs to, for waves.', examples: [['canary']] })
    .optional(),
  env: text('the name of an environment')
    .meta({
      description:
        'Environment whose document it serves: `apply --env` takes the gateways of that environment. Default: any.',
      examples: ['prod'],
    })
    .optional(),
  addresses: many('a host name or an address')
    .meta({
      description:
        'Names and addresses under which other gateways reach its listeners, beside those of its graph: behind `0.0.0.0`, NAT or a balancer only a person knows them. For the proof that no mail goes in circles.',
      examples: [['192.0.2.11']],
    })
    .optional(),
})
