import { readFileSync } from 'node:fs'

export default { hostname: readFileSync('/etc/hostname', 'utf8').trim() }
