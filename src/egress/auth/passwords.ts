import { type ClientExchange, say, stop, trusting } from './exchange.ts'

/** PLAIN (RFC 4616): nobody else is acted for. */
export const plain = (user: string, pass: string): ClientExchange => ({
  initial: `\0${user}\0${pass}`,
  answer: () => stop('it asks for more than PLAIN has'),
  ...trusting,
})

/**
 * LOGIN, which no RFC has: the host asks twice, in whatever words, for the name and then for the password. The name is not
 * sent with the command, as some hosts do not look there.
 */
export function login(user: string, pass: string): ClientExchange {
  const answers = [user, pass]
  return {
    initial: '',
    answer() {
      const next = answers.shift()
      return next === undefined ? stop('it asks for more than LOGIN has') : say(next)
    },
    ...trusting,
  }
}
