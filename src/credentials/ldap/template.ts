/** `{login}` in a search filter: nothing in a login means anything there (RFC 4515 §3). */
export const fillFilter = (filter: string, login: string): string => filter.replaceAll('{login}', () => inFilter(login))

/** `{login}` in a DN: the same (RFC 4514 §2.4). */
export const fillDn = (dn: string, login: string): string => dn.replaceAll('{login}', () => inDn(login))

/** A value that means nothing in a filter but itself. */
export const inFilter = (text: string): string => text.replace(/[\\*()\0]/g, hexOfOctet)

const inDn = (text: string): string => text.replace(/[\\"+,;<>=\0]/g, hexOfOctet).replace(/^[ #]|(?<!^) $/g, hexOfOctet)

const hexOfOctet = (char: string): string => `\\${char.charCodeAt(0).toString(16).padStart(2, '0')}`
