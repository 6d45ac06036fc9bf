import type { HostPort } from '../mail/settings.ts'
import type { Code } from './codes.ts'
import { defaults } from './defaults.ts'
import type { PlainTarget as SurfaceTarget } from './define.ts'
import type { PlainTarget as Target } from './document.ts'
import { didYouMean } from './suggest.ts'
import { readHost } from './validate-host.ts'
import { type ReplyReading, readReply } from './validate-reply.ts'

export type TargetReading =
  | { readonly ok: true; readonly value: Target }
  | {
      readonly ok: false
      readonly code: Code
      readonly error: string
      readonly hint: string | null
      readonly key: readonly (string | number)[]
    }

const good = (value: Target): TargetReading => ({ ok: true, value })
const bad = (
  code: Code,
  error: string,
  hint: string | null = null,
  key: readonly (string | number)[] = [],
): TargetReading => ({
  ok: false,
  code,
  error,
  hint,
  key,
})

/** 550 5.1.2: there is no way to that domain from here (RFC 3463 §3.2). */
const rejectStatus = '1.2'

/** Reads a target whose structure the schema has seen; texts by `readTargetText`. `key` of an error is the part at fault. */
export function readTarget(value: SurfaceTarget): TargetReading {
  if (typeof value === 'string') return readTargetText(value)
  if (Array.isArray(value)) return readHosts(value as readonly string[], [])
  const target = value as Exclude<SurfaceTarget, string | readonly string[]>
  if ('relay' in target) return good({ kind: 'relay', relay: target.relay })
  if ('host' in target) return readHosts([target.host], ['host'])
  if ('hosts' in target) return readHosts(target.hosts, ['hosts'])
  if ('mx' in target)
    return good({ kind: 'mx', tls: (target.mx === true ? undefined : target.mx.tls) ?? defaults.mxTls })
  if ('deliver' in target) {
    return target.deliver === true
      ? good({ kind: 'deliver', dir: defaults.dir })
      : readDir(target.deliver.dir, ['deliver', 'dir'])
  }
  if ('reject' in target) return fromReply(readReply(target.reject.code, target.reject.text, rejectStatus), ['reject'])
  if ('hold' in target) return readHold(target.hold === true ? '' : target.hold, ['hold'])
  return good({ kind: 'discard' })
}

/**
 * A target as tables spell it: `bart`, `bart:26`, `[::1]:25`, several divided by commas in order of preference, `relay:isp`,
 * `mx`, `deliver`, `deliver DIR`, `reject 550 text`, `hold`, `hold why`, `discard`. The words are never hosts.
 */
function readTargetText(source: string): TargetReading {
  const text = source.trim()
  const [, word = '', divider = '', rest = ''] = /^([A-Za-z]+)(\s+|:|$)(.*)$/s.exec(text) ?? []
  const got = `got ${JSON.stringify(source)}`
  if (text === '*' || text === '*,*') return bad('MG1311', `expected a target, ${got}`, 'did you mean "mx"?')
  if (divider === ':') {
    if (word === 'relay') return good({ kind: 'relay', relay: rest })
    if (word === 'mx') return bad('MG1316', `mx takes no port, ${got}`, 'MX hosts listen on 25; in a lab, set mxPort')
    return readHosts(text.split(','), [], source)
  }
  switch (word) {
    case 'mx':
    case 'discard':
      if (rest !== '') return bad('MG1311', `expected nothing after "${word}", ${got}`)
      return good(word === 'mx' ? { kind: 'mx', tls: defaults.mxTls } : { kind: 'discard' })
    case 'deliver':
      return rest === '' ? good({ kind: 'deliver', dir: defaults.dir }) : readDir(rest, [])
    case 'hold':
      return readHold(rest, [])
    case 'reject': {
      const [, code = '', words = ''] = /^(\d{3})\s+(.+)$/s.exec(rest) ?? []
      if (code === '') return bad('MG1309', `expected "reject 550 text", ${got}`)
      return fromReply(readReply(Number(code), words, rejectStatus), [])
    }
    default:
      if (['mx', 'discard', 'deliver', 'hold', 'reject', 'relay'].includes(word.toLowerCase())) {
        return bad('MG1311', `expected a target, ${got}`, `write it as "${word.toLowerCase()}"`)
      }
      return readHosts(text.split(','), [], source)
  }
}

function readHosts(
  texts: readonly string[],
  key: readonly (string | number)[],
  whole: string | null = null,
): TargetReading {
  const hosts: HostPort[] = []
  if (texts.length === 0) return bad('MG1205', 'expected at least one host, got an empty list', null, key)
  for (const [i, part] of texts.entries()) {
    const text = whole === null ? part : part.trim()
    const at = whole !== null || texts.length === 1 ? key : [...key, i]
    const reading = readHost(text, defaults.relayPort)
    if (!reading.ok) {
      // MailQ wrote host,port in one of its two manuals.
      const comma =
        whole !== null && i === 1 && /^\d+$/.test(text) ? `did you mean "${texts[0]!.trim()}:${text}"?` : null
      const words =
        text.includes(' ') || text.startsWith('[') ? null : didYouMean(text, ['mx', 'hold', 'deliver', 'discard'])
      const hint = comma ?? reading.hint ?? words
      return bad(
        reading.code ?? 'MG1305',
        reading.error,
        hint,
        key.length === 0 && texts.length > 1 && whole === null ? [i] : at,
      )
    }
    const { host, port } = reading.value
    if (hosts.some((other) => other.host === host && other.port === port)) {
      return bad('MG1401', `expected each host once, got ${JSON.stringify(text)} twice`, null, at)
    }
    hosts.push(reading.value)
  }
  return good({ kind: 'hosts', hosts })
}

function readHold(text: string, key: readonly string[]): TargetReading {
  const reason = text.trim()
  if (/[\x00-\x1f\x7f]/.test(reason) || reason.length > 200) {
    return bad('MG1311', 'expected a reason of one line, at most 200 characters', null, key)
  }
  return good({ kind: 'hold', reason: reason === '' ? 'held by localMx' : reason })
}

/** Relative to the state folder, or absolute. `..` is refused: where mail lies must be seen at a glance. */
function readDir(text: string, key: readonly string[]): TargetReading {
  const wrong = text.trim() !== text || text === '' || /[\x00-\x1f\x7f]/.test(text) || text.split('/').includes('..')
  if (wrong) return bad('MG1312', `expected a folder without "..", got ${JSON.stringify(text)}`, null, key)
  return good({ kind: 'deliver', dir: text })
}

function fromReply(reading: ReplyReading, key: readonly string[]): TargetReading {
  if (!reading.ok)
    return bad('MG1309', reading.error, reading.hint, [...key, ...(key.length > 0 ? [reading.part] : [])])
  return good({ kind: 'reject', ...reading.value })
}
