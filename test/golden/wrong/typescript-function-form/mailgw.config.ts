import { defineConfig } from 'mailgw'

export default (context: { env: string }) => ({ hostname: `gw.${context.env}` })
