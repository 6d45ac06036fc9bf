import type { Document } from '../config/document.ts'
import { canonicalJson } from '../graph/canonical.ts'
import type { Control } from '../graph/control.ts'
import { byCodeUnits } from '../graph/pattern.ts'
import { type AdminSettings, defaultEnvelopeLog, type EnvelopeLogSettings } from '../mail/settings.ts'
import { hintNames } from './hints.ts'
import { copiesOf } from './rewriting.ts'

/** What no walk decides, by name and without places. Hosts of a relay keep their order: it is their preference. */
export function control(document: Document): Control {
  const { hostname, limits, timeouts, retry, resolver, mxPort, admin, envelopeLog, certificates, bans } = document
  return {
    hostname,
    postmaster: document.postmaster.text,
    listeners: document.listeners
      .map(({ at, allowFrom, ...settings }) => settings)
      .sort((a, b) => byCodeUnits(a.name, b.name)),
    relays: document.relays.map(({ at, ...settings }) => settings).sort((a, b) => byCodeUnits(a.name, b.name)),
    limits,
    timeouts,
    retry,
    resolver,
    mxPort,
    ...destinationsOf(document),
    ...(document.schedules === undefined
      ? {}
      : { schedules: [...document.schedules].sort((a, b) => byCodeUnits(a.name, b.name)) }),
    ...(document.notifications === undefined ? {} : { notifications: document.notifications }),
    ...(admin === null ? {} : { admin: settingsOf(admin) }),
    ...(isUsual(envelopeLog) ? {} : { envelopeLog }),
    ...(certificates.length === 0
      ? {}
      : { certificates: certificates.map(({ at, ...one }) => one).sort((a, b) => byCodeUnits(a.name, b.name)) }),
    ...(document.credentials.length === 0 ? {} : { credentials: document.credentials.map(({ at, ...one }) => one) }),
    ...(bans === null ? {} : { bans }),
    ...(document.recipientChecks === undefined
      ? {}
      : {
          recipientChecks: document.recipientChecks
            .map(({ at, onError, ...one }) => ({ ...one, domains: verifiedBy(document, one.id) }))
            .sort((a, b) => byCodeUnits(a.id, b.id)),
        }),
    ...(document.learnSizes === undefined ? {} : { learnSizes: document.learnSizes }),
    ...(document.tlsPolicy === undefined ? {} : { tlsPolicy: document.tlsPolicy }),
    ...(document.tlsReports === undefined ? {} : { tlsReports: document.tlsReports }),
    ...copiesOf(document),
    ...hintNames(document),
    ...(document.softBounce === undefined ? {} : { softBounce: true as const }),
  }
}

const verifiedBy = ({ domains }: Document, id: string): string[] =>
  domains.flatMap(({ pattern, verify }) => (verify === id ? [pattern] : [])).sort(byCodeUnits)

/** What is the same as when nothing is said is not said: the graph keeps its name. */
const isUsual = (settings: EnvelopeLogSettings | null): boolean =>
  settings !== null && canonicalJson(settings) === canonicalJson(defaultEnvelopeLog)

function settingsOf({ bind, tls, tokens, certificates }: AdminSettings): AdminSettings {
  return {
    bind,
    tls,
    tokens: [...tokens].sort((a, b) => byCodeUnits(a.name, b.name)),
    certificates: [...certificates].sort((a, b) => byCodeUnits(a.subject, b.subject)),
  }
}

/** Rows by pattern and pools by name, so that their order in the document means nothing. */
function destinationsOf({ destinations = [], egress = [] }: Document): Pick<Control, 'destinations' | 'egress'> {
  const rows = destinations.map(({ at, ...one }) => one).sort((a, b) => byCodeUnits(a.pattern, b.pattern))
  const pools = egress.map(({ at, ...one }) => one).sort((a, b) => byCodeUnits(a.name, b.name))
  return { ...(rows.length === 0 ? {} : { destinations: rows }), ...(pools.length === 0 ? {} : { egress: pools }) }
}
