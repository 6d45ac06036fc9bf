import { hostLabel } from '../../egress/attempt.ts'
import { oneLine } from '../text.ts'
import type { PeerView } from './peer-certificate.ts'
import type { Probed } from './probe.ts'
import type { Exchange } from './recorded-wire.ts'
import type { ProbeResult } from './talk.ts'

/** The whole dialogue as people read it, with the time that each answer took. */
export function probedText({ host, exchanges, peer, offers, result, tookMs }: Probed): string {
  const lines = [hostLabel(host), ...exchanges.flatMap(exchangeLines), '']
  if (peer !== null) lines.push(...peerLines(peer))
  if (offers.length > 0) lines.push(`offers       ${offers.map(oneLine).join(', ')}`)
  lines.push(`took         ${tookMs} ms`, `result       ${resultText(result)}`)
  return `${lines.join('\n')}\n`
}

function exchangeLines({ command, reply, note, tookMs }: Exchange): string[] {
  const lines = command === null ? [] : [`${' '.repeat(9)}C: ${oneLine(command)}`]
  const took = `${String(tookMs).padStart(6)}ms `
  if (reply !== null) {
    const texts = reply.text.split('\n')
    const first = (at: number) => `${reply.code}${at === texts.length - 1 ? ' ' : '-'}`
    const status = reply.status === null ? '' : `${reply.status} `
    for (const [at, text] of texts.entries()) {
      lines.push(`${at === 0 ? took : ' '.repeat(9)}S: ${first(at)}${status}${oneLine(text)}`)
    }
  }
  if (note !== null) lines.push(`${took}   ${oneLine(note)}`)
  return lines
}

const peerLines = (peer: PeerView): string[] => [
  `TLS          ${peer.protocol} ${peer.cipher}`,
  `certificate  ${oneLine(peer.subject)}, for ${peer.names.map(oneLine).join(', ') || 'no name'}`,
  `issued by    ${oneLine(peer.issuer)}, valid from ${peer.validFrom} to ${peer.validTo}`,
  `fingerprint  ${peer.fingerprint}`,
  `verified     ${peer.problem === null ? 'yes' : `no: ${peer.problem}`}`,
]

function resultText(result: ProbeResult): string {
  if (result.kind === 'ok') return 'ok'
  const { step, why, reply } = result
  const said =
    reply === null ? '' : `: ${[reply.code, reply.status, oneLine(reply.text)].filter((one) => one !== null).join(' ')}`
  return `failed at ${step}: ${oneLine(why)}${said}`
}
