/** What holds where the document says nothing, in the document's own words: read by the same code, printed in the docs. */
export const defaults = {
  apiVersion: 'mailgw/1',
  domain: { kind: 'local', recipients: 'any', unknown: 'reject' },
  client: { internal: false, by: 'each' },
  listener: {
    tls: 'off',
    login: 'off',
    proxyTimeout: '5s',
    earlyTalkers: 'observe',
    time: false,
    helo: 'accept',
  },
  tls: { minVersion: 'TLSv1.2' },
  login: { required: false },
  credentials: {
    timeout: '10s',
    /** Nobody is refused for what we could not find out. */
    onError: 'defer',
    cache: '5m',
    ldap: { scope: 'sub', connections: 4 },
    radius: { port: 1812, attempts: 2 },
    /** Public keys alone: with HS256 whoever can check a token can make one. */
    oauth: { algorithms: ['RS256', 'ES256', 'PS256', 'EdDSA'], claim: 'email', skew: '1m' },
  },
  bans: {
    failures: 20,
    unknownRecipients: 50,
    protocolErrors: 50,
    httpRequests: 5,
    window: '10m',
    for: '1h',
    max: '7d',
    delay: { first: '1s', max: '30s' },
    lockOut: { failures: 10, window: '15m', for: '15m' },
  },
  relaying: 'two-way',
  /** Opportunistic, as between strangers there is nothing to verify against without DANE or MTA-STS. */
  mxTls: 'may',
  relayTls: 'may',
  /** A password goes to nobody but its owner. */
  relayTlsWithAuth: 'verify',
  relayPort: 25,
  /** RFC 8314 §3.3. */
  relayPortImplicit: 465,
  /** Folder of maildirs, below the state folder. */
  dir: 'mail',
  dnsbl: { kind: 'deny', codes: ['127.0.0.0/8'], code: 554 },
  softBounce: false,
  recipientCheck: {
    timeout: '10s',
    cache: { positive: '2h', negative: '10m', stale: '1d', entries: 50_000 },
    ldap: { scope: 'sub', connections: 4 },
    callout: { perMinute: 120 },
  },
  learnSizes: 'off',
  limits: {
    sessions: 4000,
    sessionsPerClient: 100,
    maxSize: '20MiB',
    /** RFC 5321 §4.5.3.1.8: at least 100. */
    maxRecipients: 100,
    maxErrors: 20,
    /** RFC 5321 §6.3: large enough for normal mail, at least 100. */
    maxHops: 100,
    connectionsPerNextHop: 20,
    connectionsOut: 500,
  },
  /** RFC 5321 §4.5.3.2, where it has a figure. */
  timeouts: {
    command: '5m',
    data: '5m',
    session: '1h',
    connect: '30s',
    greeting: '5m',
    reply: '5m',
    dataBlock: '3m',
    dataDone: '10m',
    idle: '10s',
  },
  retry: { schedule: ['1m', '5m', '15m', '30m', '1h', '2h', '4h'], expireAfter: '5d', warnAfter: '4h' },
  notifications: { doubleBounce: 'drop', limit: '1000/1h' },
  resolver: { timeout: '5s', attempts: 2, serveStale: '1d' },
  mxPort: 25,
  tlsPolicy: { dane: 'on', mtaSts: 'on' },
  tlsReports: 'off',
  srs: { validFor: '7d', of: 'forwarded' },
  journal: { form: 'report' },
  archive: { keep: '30d', maxSize: '10GiB' },
  envelopeLog: { keep: '7d', maxSize: '200MiB', localParts: 'plain' },
} as const
