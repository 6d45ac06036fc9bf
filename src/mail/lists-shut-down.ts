/**
 * DNS lists that have been shut down for good, and the year. Some of them were left to list the whole internet, to be
 * heard.
 */
const shutDown = new Map<string, number>([
  ['relays.osirusoft.com', 2003],
  ['relays.ordb.org', 2006],
  ['opm.blitzed.org', 2006],
  ['list.dsbl.org', 2008],
  ['dnsbl.njabl.org', 2013],
  ['dnsbl.ahbl.org', 2015],
  ['bl.spamcannibal.org', 2018],
  ['dnsbl.sorbs.net', 2024],
])

/** The year in which the zone, or the one it is a part of, was shut down; `null`: nothing is known against it. */
export function shutDownIn(zone: string): number | null {
  for (let name = zone; name !== ''; name = name.includes('.') ? name.slice(name.indexOf('.') + 1) : '') {
    const year = shutDown.get(name)
    if (year !== undefined) return year
  }
  return null
}
