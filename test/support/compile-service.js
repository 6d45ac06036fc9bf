// `mailgw graph --config FILE --output FILE` for the tests of a run, by one process that has loaded the compiler once. It
// listens on the socket that it is told and ends with its parent.
import { createServer } from 'node:http'

process.on('disconnect', () => process.exit(0))

const server = createServer((request, response) => {
  let text = ''
  request.on('data', (chunk) => (text += chunk))
  request.on('end', async () => {
    try {
      const { config, output } = JSON.parse(text)
      const { program } = await import('../../dist/cli/program.js')
      const terminal = { out() {}, err() {}, color: false, errColor: false }
      response.end(String(await program(['graph', '--config', config, '--output', output], 'test', terminal)))
    } catch {
      // Whoever asked runs the program itself and hears what is wrong.
      response.end('1')
    }
  })
})
server.listen(process.argv[2], () => process.send('listening'))
