import relays from './relays.json'

export default { hostname: 'gw.corp.example', relays }
