/**
 * The reply's text where a document gives a list none of its own. The list's own words are added to it when the reply is
 * made; a text that the document writes has them only where it says `${reason}`.
 */
export const listedText = (zone: string): string => `client host is listed by ${zone}`

/** Where a reply wants the words of what decided. */
export const reasonMark = '${reason}'
