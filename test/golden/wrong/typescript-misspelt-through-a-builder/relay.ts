export const relay = (host: string, options: object) => ({ hosts: [host], ...options })
