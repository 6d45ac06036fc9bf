export const relays = {
  isp: { hosts: ['smtp.isp.example' },
}
