import type { Reply } from '../../mail/reply.ts'

type Meaning = { readonly status: string; readonly text?: RegExp; readonly says: string }

/** What the large providers mean by refusals of a login, in words for an operator. The first that fits counts. */
const meanings: readonly Meaning[] = [
  {
    status: '5.7.139',
    text: /SmtpClientAuthentication is disabled for the Tenant/i,
    says: 'Microsoft 365: SMTP AUTH is off for the whole organisation; Set-CASMailbox -SmtpClientAuthenticationDisabled $false turns it on for this mailbox',
  },
  {
    status: '5.7.139',
    text: /SmtpClientAuthentication is disabled for the Mailbox/i,
    says: 'Microsoft 365: SMTP AUTH is off for this mailbox; Set-CASMailbox -SmtpClientAuthenticationDisabled $false turns it on',
  },
  {
    status: '5.7.139',
    says: 'Microsoft 365: a policy of the organisation (security defaults, conditional access, no basic authentication) forbids this login',
  },
  { status: '5.7.30', says: 'Microsoft 365: passwords are not taken any more; the relay needs oauth in place of pass' },
  {
    status: '5.7.3',
    says: 'Microsoft 365: the token is good, and not for this mailbox: is the service principal registered in Exchange, has it a permission on the mailbox, is user the address of the mailbox, has SMTP.SendAsApp the consent of an administrator?',
  },
  { status: '5.7.9', says: 'Google: a password that was made for applications is wanted, or oauth' },
  { status: '5.7.14', says: 'Google: it wants somebody to sign in with a browser; use oauth' },
  {
    status: '5.7.8',
    text: /BadCredentials|Username and Password not accepted/i,
    says: 'Google: the password is none that was made for applications, or the token is not for this mailbox (scope https://mail.google.com/, domain-wide delegation)',
  },
]

/** `undefined`: nothing more is known of it than what the host says. */
export function refusalMeaning(reply: Reply | null): string | undefined {
  if (reply === null) return undefined
  return meanings.find(({ status, text }) => status === reply.status && (text?.test(reply.text) ?? true))?.says
}
