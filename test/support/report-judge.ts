import { spawnSync } from 'node:child_process'

/** A notification as Python's email package reads it, by RFC 2045, 5322 and 3464, with all that it finds wrong. */
export type Judged = {
  readonly type: string
  readonly reportType: string | null
  readonly defects: readonly string[]
  readonly parts: readonly string[]
  readonly encodings: readonly string[]
  readonly header: Readonly<Record<string, string>>
  readonly text: string
  /** Groups of fields of the second part; the first is of the message. */
  readonly groups: readonly Readonly<Record<string, string>>[]
  readonly returned: string
}

const program = `
import sys, json, email, email.policy, base64
def unfolded(text): return ' '.join(str(text).split())
def judge(octets):
    m = email.message_from_bytes(octets, policy=email.policy.default.clone(raise_on_defect=False))
    parts = list(m.iter_parts())
    defects = [str(d) for p in m.walk() for d in p.defects]
    for name, value in m.items():
        defects += [f'{name}: {d}' for d in getattr(value, 'defects', [])]
    # The internationalized form is not known to it: its groups are read as header blocks.
    status = parts[1]
    if status.get_content_type() == 'message/delivery-status':
        groups = [dict(g.items()) for g in status.get_payload()]
    else:
        raw = status.get_payload(decode=True)
        if raw is None: raw = status.get_payload(0).as_bytes()
        blocks = [b for b in raw.replace(b'\\r\\n', b'\\n').strip().split(b'\\n\\n')]
        groups = [{k: str(v) for k, v in email.message_from_bytes(b + b'\\n\\n', policy=email.policy.SMTPUTF8).items()} for b in blocks]
    last = parts[2]
    returned = last.get_payload(0).as_bytes() if last.is_multipart() else (last.get_payload(decode=True) or b'')
    return {'type': m.get_content_type(), 'reportType': m.get_param('report-type'), 'defects': defects,
      'parts': [p.get_content_type() for p in parts], 'encodings': [str(p['Content-Transfer-Encoding']) for p in parts],
      'header': {k.lower(): unfolded(v) for k, v in m.items()}, 'text': parts[0].get_content(),
      'groups': [{k.lower(): unfolded(v) for k, v in g.items()} for g in groups],
      'returned': returned.decode('latin-1')}
print(json.dumps([judge(base64.b64decode(one)) for one in json.load(sys.stdin)]))`

/** Reads notifications (latin1 texts) with another program than ours. @throws when it cannot read one at all */
export function judged(texts: readonly string[]): readonly Judged[] {
  const input = JSON.stringify(texts.map((text) => Buffer.from(text, 'latin1').toString('base64')))
  const run = spawnSync('python3', ['-c', program], { input, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`python: ${run.stderr}`)
  return JSON.parse(run.stdout) as Judged[]
}

/**
 * What is not as RFC 6522, 3464 and 6533 want it, in words; empty when all is right. `utf8`: the message was
 * internationalized.
 */
export function faultsOf(report: Judged, utf8 = false): string[] {
  // It reads fields by RFC 5322 alone; RFC 6532 lets them hold more.
  const faults = report.defects.filter((defect) => !utf8 || !/non-ascii/i.test(defect))
  const want = (holds: boolean, what: string) => {
    if (!holds) faults.push(what)
  }
  const { header, groups, parts } = report
  want(report.type === 'multipart/report', `type ${report.type}`)
  want(report.reportType === 'delivery-status', `report-type ${String(report.reportType)}`)
  want(parts.length === 3, `${parts.length} parts`)
  want(parts[0] === 'text/plain', `first part ${String(parts[0])}`)
  want(parts[1] === (utf8 ? 'message/global-delivery-status' : 'message/delivery-status'), `second ${String(parts[1])}`)
  const returned = utf8 ? ['message/global', 'message/global-headers'] : ['message/rfc822', 'text/rfc822-headers']
  want(returned.includes(parts[2] ?? ''), `third ${String(parts[2])}`)
  want(header['auto-submitted'] === 'auto-replied', 'Auto-Submitted')
  for (const name of ['from', 'to', 'subject', 'date', 'message-id', 'mime-version']) want(name in header, name)
  const [message = {}, ...recipients] = groups
  want(/^dns; ?\S+$/.test(message['reporting-mta'] ?? ''), 'Reporting-MTA')
  want(recipients.length > 0, 'no recipient')
  for (const one of recipients) {
    want(/^(?:rfc822|utf-8); ?\S/.test(one['final-recipient'] ?? ''), 'Final-Recipient')
    want(/^(?:failed|delayed|delivered|relayed|expanded)$/.test(one['action'] ?? ''), 'Action')
    want(/^[245]\.\d{1,3}\.\d{1,3}$/.test(one['status'] ?? ''), `Status ${String(one['status'])}`)
    const severity = one['action'] === 'failed' ? '45' : one['action'] === 'delayed' ? '4' : '2'
    want(severity.includes((one['status'] ?? ' ')[0]!), `Status ${String(one['status'])} of ${String(one['action'])}`)
    const diagnostic = one['diagnostic-code']
    want(
      diagnostic === undefined || /^(?:smtp|x-mailgw); ?\S/.test(diagnostic),
      `Diagnostic-Code ${String(diagnostic)}`,
    )
    want(!(diagnostic ?? '').startsWith('smtp') || 'remote-mta' in one, 'Remote-MTA of a reply')
  }
  return faults
}
