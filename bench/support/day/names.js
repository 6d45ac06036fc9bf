import { createSocket } from 'node:dgram'
import { Packet } from 'dns2'
import { isIll, ownZone, sendersDomain } from './cast.js'

const { TYPE, CLASS } = Packet
const ttl = 300

/** The names of the day, by UDP. `shareOf()` is the time. */
export async function startNames({ cast, sendersAt, shareOf }) {
  const domains = new Map(cast.map((domain) => [domain.name, domain]))
  const socket = createSocket('udp4')
  let questions = 0
  socket.on('message', (message, { address, port }) => {
    questions++
    const request = Packet.parse(message)
    const [question] = request.questions
    const response = Packet.createResponseFromRequest(request)
    response.header.aa = 1
    response.header.ra = 1
    const { records, code } = answer(question.name.toLowerCase(), question.type)
    response.header.rcode = code
    response.answers.push(...records)
    if (records.length === 0 && code !== 2) response.authorities.push(soa)
    socket.send(response.toBuffer(), port, address)
  })
  await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve))

  function answer(name, type) {
    const none = { records: [], code: 0 }
    const found = (...records) => ({ records, code: 0 })
    if (name === sendersDomain) return type === TYPE.MX ? found(mx(name, 10, `mx.${name}`)) : none
    if (name === `mx.${sendersDomain}`) return type === TYPE.A ? found(a(name, sendersAt)) : none
    const at = /^(?:(mx|mx2|mta-sts|_mta-sts)\.)?(d\d+\.[a-z.]+)$/.exec(name)
    const domain = at === null ? undefined : domains.get(at[2])
    if (domain === undefined) return { records: [], code: 3 }
    const { kind } = domain
    if (kind === 'lost-zone' || (kind === 'servfail' && isIll(domain, shareOf()))) return { records: [], code: 2 }
    const isStrict = kind === 'certificate' || kind === 'downgrade'
    switch (at[1]) {
      case undefined:
        if (type !== TYPE.MX) return none
        if (kind === 'null-mx') return found(mx(name, 0, ''))
        if (kind === 'second') return found(mx(name, 10, `mx.${name}`), mx(name, 20, `mx2.${name}`))
        return found(mx(name, 10, `mx.${name}`))
      case 'mx':
        return type === TYPE.A ? found(a(name, domain.at)) : none
      case 'mx2':
        return type === TYPE.A && kind === 'second' ? found(a(name, domain.other)) : none
      case 'mta-sts':
        return type === TYPE.A && isStrict ? found(a(name, '127.0.0.1')) : none
      default:
        return type === TYPE.TXT && isStrict ? found(txt(name, 'v=STSv1; id=1;')) : none
    }
  }

  return { port: socket.address().port, questions: () => questions, close: () => socket.close() }
}

const base = (name, type) => ({ name, type, class: CLASS.IN, ttl })
const mx = (name, priority, exchange) => ({ ...base(name, TYPE.MX), priority, exchange })
const a = (name, address) => ({ ...base(name, TYPE.A), address })
const txt = (name, data) => ({ ...base(name, TYPE.TXT), data })
const soa = {
  ...base(ownZone, TYPE.SOA),
  primary: `ns.${ownZone}`,
  admin: `hostmaster.${ownZone}`,
  serial: 1,
  refresh: 3600,
  retry: 600,
  expiration: 86_400,
  minimum: ttl,
}
