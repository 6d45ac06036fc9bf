export type ReplyReading =
  | { readonly ok: true; readonly value: { readonly code: number; readonly status: string; readonly text: string } }
  | { readonly ok: false; readonly part: 'code' | 'text'; readonly error: string; readonly hint: string | null }

/**
 * Reads a refusal that the document writes. The text goes to strangers on one line of at most 512 octets (RFC 5321
 * §4.5.3.1.5), so it is short, printable ASCII and can hold no second line. An enhanced status code may lead it (RFC 3463);
 * without one it is `otherwise`, such as `7.1`, in the class of the code.
 */
export function readReply(code: number, text: string, otherwise: string): ReplyReading {
  const wrong = (part: 'code' | 'text', error: string, hint: string | null = null): ReplyReading => ({
    ok: false,
    part,
    error,
    hint,
  })
  // The second digit is 0, 2 or 5 for replies about mail (§4.2.1); 421 and 521 end the session and are not a rule's to give.
  if (!/^[45][025]\d$/.test(String(code)) || code === 421 || code === 521) {
    const hint =
      code === 421 || code === 521 ? `${code} ends the session; did you mean ${code === 421 ? 450 : 550}?` : null
    return wrong('code', `expected a reply code that refuses (45z, 55z or such), got ${code}`, hint)
  }
  const severity = String(code)[0]
  const [, status, rest] = /^(\d\.\d{1,3}\.\d{1,3})\s+(.*)$/s.exec(text) ?? [null, null, text]
  if (status !== null && status?.[0] !== severity) {
    return wrong('text', `expected an enhanced status code ${severity}.y.z with the code ${code}, got ${status}`)
  }
  const words = (rest ?? '').trim()
  if (words === '' || words.length > 400 || !/^[ -~]*$/.test(words)) {
    return wrong('text', 'expected one line of 1 to 400 printable ASCII characters')
  }
  return { ok: true, value: { code, status: status ?? `${severity}.${otherwise}`, text: words } }
}
