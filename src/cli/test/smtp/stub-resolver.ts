import { createSocket } from 'node:dgram'

export type StubResolver = { readonly port: number; close(): Promise<void> }

const A = 1
const MX = 15
/** The one MX host of every domain. Not below `invalid`: nobody is asked about names there (RFC 6761 §6.4). */
const mxHost = 'mx.mailgw.test'

/** A name server on loopback for which every domain has one MX host, and every host is this machine. */
export async function startStubResolver(): Promise<StubResolver> {
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const answer = answerTo(query)
    if (answer !== null) socket.send(answer, port, address)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(0, '127.0.0.1', resolve)
  })
  return { port: socket.address().port, close: () => new Promise((resolve) => socket.close(() => resolve())) }
}

/** RFC 1035 §4.1: header, question, and a record for A and MX. `null` for what is no query. */
export function answerTo(query: Buffer): Buffer | null {
  if (query.length < 17 || query.readUInt16BE(4) !== 1) return null
  let end = 12
  while (end < query.length && query[end] !== 0) end += query[end]! + 1
  if (end + 5 > query.length) return null
  const question = query.subarray(12, end + 5)
  const type = query.readUInt16BE(end + 1)
  const data = type === A ? Buffer.from([127, 0, 0, 1]) : type === MX ? mxData() : null
  const header = Buffer.alloc(12)
  query.copy(header, 0, 0, 2)
  // A response with authority to a query that may have wanted recursion, which there is.
  header.writeUInt16BE(0x8580, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(data === null ? 0 : 1, 6)
  if (data === null) return Buffer.concat([header, question])
  const record = Buffer.alloc(12)
  // The name is that of the question, which stands at offset 12.
  record.writeUInt16BE(0xc00c, 0)
  record.writeUInt16BE(type, 2)
  record.writeUInt16BE(1, 4)
  record.writeUInt32BE(60, 6)
  record.writeUInt16BE(data.length, 10)
  return Buffer.concat([header, question, record, data])
}

function mxData(): Buffer {
  const labels = mxHost.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  return Buffer.concat([Buffer.from([0, 10]), ...labels, Buffer.from([0])])
}
