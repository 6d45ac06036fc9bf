export const config = { hostname: 'gw.corp.example' }
