/** xtext (RFC 3461 §4): printable ASCII in which "+", "=" and all else are written `+XX`, upper-case hexadecimal. */

const encoded = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/

export const isXtext = (text: string): boolean => encoded.test(text)

/** The octets of valid xtext, one character each. */
export const decodeXtext = (text: string): string =>
  text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
