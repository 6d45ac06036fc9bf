export const relays = {}
