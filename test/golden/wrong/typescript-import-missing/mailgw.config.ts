import { relays } from './relay.ts'

export default { hostname: 'gw.corp.example', relays }
