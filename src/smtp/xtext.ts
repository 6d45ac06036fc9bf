/** xtext (RFC 3461 §4): printable ASCII in which "+", "=" and all else are written `+XX`, upper-case hexadecimal. */

const encoded = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/

export const isXtext = (text: string): boolean => encoded.test(text)

/** Printable ASCII as xtext. */
export const encodeXtext = (text: string): string =>
  text.replace(/[^!-*,-<>-~]/g, (char) => `+${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

/** The octets of valid xtext, one character each. */
export const decodeXtext = (text: string): string =>
  text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
