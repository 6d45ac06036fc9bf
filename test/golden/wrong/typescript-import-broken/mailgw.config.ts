import { relays } from './relays.ts'

export default { hostname: 'gw.corp.example', relays }
