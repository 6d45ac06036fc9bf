import type { CommandEntry, OptionEntry } from './command-entry.ts'

/** What makes tokens and certificates. Neither contacts anybody. */
export const keyCommands = (json: OptionEntry): readonly CommandEntry[] => [
  {
    name: 'token new',
    summary: 'make a token for the admin API',
    details:
      'Prints the token, once, on standard output, and on standard error the line for `admin.tokens` of the document, which holds its hash alone. Contacts nobody.',
    options: [
      ['--name <name>', 'who will use it, for journal and log'],
      ['--scopes <list>', 'what it may do, divided by commas: read, prepare, activate, overlay, queue (default read)'],
      json,
    ],
    exits: [
      [0, 'printed'],
      [1, 'the name or a scope is wrong'],
    ],
    load: () => import('./commands/token-new.ts'),
  },
  {
    name: 'cert self-signed',
    summary: 'make a certificate and its key for a lab',
    details:
      'Writes `NAME.pem` and `NAME.key` (readable for you alone) and prints their paths, the fingerprint, and on standard error the line for `certificates` of the document. The certificate vouches for itself, so clients believe it only where they are told to. Contacts nobody, and needs no openssl.',
    options: [
      ['--name <names>', 'host names or addresses that it is for, divided by commas; files are named by the first'],
      ['--days <number>', 'how long it is valid (default 90)'],
      ['--out <folder>', 'where to write (default: here)'],
      ['--force', 'replace files that are there'],
      json,
    ],
    exits: [
      [0, 'written'],
      [1, 'a name is wrong, or a file is there already or cannot be written'],
    ],
    load: () => import('./commands/cert-self-signed.ts'),
  },
]
