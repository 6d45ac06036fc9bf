import type { CommandEntry, OptionEntry } from './command-entry.ts'

export const passwdCommand = (json: OptionEntry): CommandEntry => ({
  name: 'passwd',
  summary: 'make a password hash for a document or a user file',
  details:
    'Reads the password unseen from the terminal, or one line from standard input, never from an argument, and prints what stands for it. `scram-sha-256` serves every way to log in, SCRAM included; `scrypt`, `argon2id` and `bcrypt` serve PLAIN and LOGIN. `cram-md5` is no hash: whoever has the key has the password, and only devices that know nothing better need it. Contacts nobody.',
  options: [
    [
      '--kind <kind>',
      'scrypt (default), scram-sha-256, argon2id (needs the package @node-rs/argon2), bcrypt or cram-md5',
    ],
    ['--login <name>', 'print a whole line of a user file'],
    ['--key <secret>', 'of cram-md5: env:NAME, file:/path or exec:["program"], what `cramKey` names in the document'],
    json,
  ],
  exits: [
    [0, 'printed'],
    [1, 'no password was given, or an option is wrong'],
  ],
  load: () => import('./commands/passwd.ts'),
})
