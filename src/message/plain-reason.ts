/**
 * Why, in words for people who know nothing of mail, by enhanced status (RFC 3463, RFC 5248 and the registry behind it). The
 * most specific one counts: `5.1.1`, then `5.1.*`, then `5.*`.
 */
const reasons: ReadonlyMap<string, string> = new Map([
  ['attempts', 'It was tried as often as this gateway tries, and was not taken. Send it again later.'],

  ['4.4.7', 'It was tried for as long as this gateway tries, and was not taken. Send it again later, or ask them.'],
  ['4.1.*', 'Their mail system is not sure of this address at the moment.'],
  ['4.2.1', 'This mailbox takes no mail at the moment.'],
  ['4.2.2', 'This mailbox is full. The recipient must make room in it.'],
  ['4.2.*', 'This mailbox cannot take mail at the moment.'],
  ['4.3.1', 'Their mail system has no room at the moment.'],
  ['4.3.*', 'Their mail system cannot take mail at the moment.'],
  ['4.4.1', 'Their mail system could not be reached.'],
  ['4.4.2', 'The connection to their mail system broke.'],
  ['4.4.3', 'Where their mail system is could not be found out.'],
  ['4.4.4', 'Where their mail system is could not be found out.'],
  ['4.4.*', 'Their mail system could not be reached.'],
  ['4.7.4', 'Their mail system cannot be reached in the safe way that is asked for here.'],
  ['4.7.5', 'Their mail system cannot be reached in the safe way that is asked for here.'],
  ['4.7.*', 'Their mail system does not take this message at the moment.'],
  ['4.*', 'Their mail system cannot take this message at the moment.'],

  ['5.1.1', 'There is no such mailbox. Look for a mistake in the address, or ask the recipient for the right one.'],
  ['5.1.2', 'There is no mail for what stands behind the @. Look for a mistake in the address.'],
  ['5.1.3', 'This is not an address. Look for a mistake in it.'],
  ['5.1.6', 'This mailbox has moved. Ask the recipient for the new address.'],
  ['5.1.7', 'Your own address is not as it should be. Ask those who look after your mail.'],
  ['5.1.8', 'They do not accept your own address. Ask those who look after your mail.'],
  ['5.1.10', 'What stands behind the @ takes no mail at all. Look for a mistake in the address.'],
  ['5.1.*', 'They do not accept this address. Look for a mistake in it, or ask the recipient for the right one.'],
  ['5.2.1', 'This mailbox is shut and takes no mail. Ask the recipient for another one.'],
  ['5.2.2', 'This mailbox is full. The recipient must make room in it; then send your message again.'],
  ['5.2.3', 'Your message is too large for this mailbox. Send a smaller one, or share large files in another way.'],
  ['5.2.*', 'This mailbox does not take your message.'],
  ['5.3.4', 'Your message is too large for them. Send a smaller one, or share large files in another way.'],
  ['5.3.*', 'Their mail system does not take your message.'],
  ['5.4.1', 'Their mail system does not know this address. Look for a mistake in it.'],
  ['5.4.4', 'There is no way to what stands behind the @. Look for a mistake in the address.'],
  ['5.4.6', 'Your message went round in a circle. Those who look after mail there, or here, have to mend that.'],
  ['5.4.*', 'There is no way to this address. Look for a mistake in it.'],
  ['5.5.3', 'Your message has too many recipients for them. Send it to fewer at a time.'],
  ['5.5.*', 'Their mail system and this one did not understand each other. Those who look after mail can mend that.'],
  ['5.6.7', 'Their mail system knows no addresses with such letters. Ask the recipient for another address.'],
  ['5.6.*', 'Their mail system does not take a message of this form. Try it as plain text, without attachments.'],
  ['5.7.4', 'Their mail system cannot be reached in the safe way that is asked for here.'],
  ['5.7.5', 'Their mail system cannot be reached in the safe way that is asked for here.'],
  ['5.7.10', 'Their mail system cannot be reached in the safe way that is asked for here.'],
  ['5.7.30', 'Their mail system cannot be reached in the safe way that is asked for here.'],
  ['5.7.*', 'They do not allow this message. What they say of it stands below; ask them in another way.'],
  ['5.*', 'Their mail system refused your message. What it says of it stands below.'],
])

/**
 * @param status the status of the report; `attempts` for what was tried too often
 * @param own what a document says in place of these, by the same patterns
 */
export function plainReason(status: string, own: ReadonlyMap<string, string>): string {
  for (const table of [own, reasons]) {
    for (const pattern of patternsOf(status)) {
      const found = table.get(pattern)
      if (found !== undefined) return found
    }
  }
  return ''
}

function patternsOf(status: string): readonly string[] {
  const [severity, subject] = status.split('.')
  return subject === undefined ? [status] : [status, `${severity}.${subject}.*`, `${severity}.*`]
}
