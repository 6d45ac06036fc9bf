const sites: Record<string, { relay: string }> = { berlin: { relay: 'isp' } }

export default {
  hostname: 'gw.corp.example',
  localMx: { '*': { relay: sites['bonn']!.relay } },
}
