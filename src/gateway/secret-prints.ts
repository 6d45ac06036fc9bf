import { createHmac } from 'node:crypto'
import type { SecretOperations } from '../admin/secret-operations.ts'
import { shownRef } from '../credentials/secret.ts'
import { wholePrefix } from '../mail/relay-login.ts'
import type { Live } from './live.ts'
import { readSecrets } from './secrets.ts'

/** Compares the secrets in force with what their sources give now, and prints them for a comparison between gateways. */
export const secretOperations = (live: () => Pick<Live, 'control' | 'secrets'>): SecretOperations => ({
  async prints(key) {
    const { control, secrets } = live()
    const { values } = await readSecrets(control)
    const printOf = (text: string): string => createHmac('sha256', key).update(text).digest('hex')
    return [...secrets]
      .map(([name, value]) => {
        const now = values.get(name)
        return {
          id: printOf(`name ${name}`),
          ref: name.startsWith(wholePrefix)
            ? `${wholePrefix}${shownRef(name.slice(wholePrefix.length))}`
            : shownRef(name),
          // The reference goes in too: nobody is told that two references have one value.
          print: printOf(`value ${JSON.stringify([name, value])}`),
          source:
            now === undefined ? ('unreadable' as const) : now === value ? ('same' as const) : ('changed' as const),
        }
      })
      .sort((a, b) => (a.ref < b.ref ? -1 : a.ref > b.ref ? 1 : 0))
  },
})
