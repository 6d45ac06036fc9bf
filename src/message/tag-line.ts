/**
 * The marks that rules have put on a message, for its next hop, with CRLF. The field stands above our own Received line:
 * what stands below that line is the sender's, who may write such a field too.
 */
export function tagLine(tags: readonly string[]): string {
  return `X-Mailgw-Tag: ${tags.join(',\r\n ')}\r\n`
}
