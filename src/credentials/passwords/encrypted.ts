import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto'

/**
 * Passwords that can be read again, for CRAM-MD5 alone: `$aes-256-gcm$nonce$ciphertext and tag`, base64, under a key that
 * the document names by reference. Whoever has both the file and the key has the passwords; with the file alone, nothing.
 */

/** The key is made once of the text of the secret: slowly, as an operator may have taken a phrase for it. */
export type CramKey = { readonly bytes: Buffer }

export function cramKey(secret: string): Promise<CramKey> {
  const options = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
  return new Promise((resolve, reject) => {
    scrypt(secret, 'mailgw cram-md5', 32, options, (error, bytes) =>
      error === null ? resolve({ bytes }) : reject(error),
    )
  })
}

/** `nonce`: 12 octets that were never used with this key. */
export function encryptPassword(key: CramKey, password: string, nonce: Buffer): string {
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce)
  const sealed = Buffer.concat([cipher.update(password, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `$aes-256-gcm$${nonce.toString('base64')}$${sealed.toString('base64')}`
}

const form = /^\$aes-256-gcm\$([A-Za-z0-9+/]{16})\$([A-Za-z0-9+/]{24,2048}={0,2})$/

export const isEncrypted = (text: string): boolean => form.test(text)

/** The password, or `null`: another key, or a changed text. */
export function decryptPassword(key: CramKey, text: string): string | null {
  const found = form.exec(text)
  if (found === null) return null
  const [nonce, sealed] = [Buffer.from(found[1]!, 'base64'), Buffer.from(found[2]!, 'base64')]
  if (sealed.length < 17) return null
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce)
  decipher.setAuthTag(sealed.subarray(-16))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}
