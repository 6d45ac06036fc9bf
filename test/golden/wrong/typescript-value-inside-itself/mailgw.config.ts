import { defineConfig } from 'mailgw'

const relays: Record<string, unknown> = { isp: { hosts: ['smtp.isp.example'] } }
relays.backup = { hosts: ['backup.isp.example'], fallback: relays }

export default defineConfig({ hostname: 'gw.corp.example', relays } as never)
