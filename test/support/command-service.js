// Commands of `mailgw` for the tests of a run, by one process that has loaded the program once. It listens on the socket
// that it is told and ends with its parent.
import { createServer } from 'node:http'
import { constants, setPriority } from 'node:os'

process.on('disconnect', () => process.exit(0))
// As every command.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL)

/** As src/cli/main.ts ends a command. */
async function ended(args) {
  let [out, err] = ['', '']
  const terminal = { out: (text) => (out += text), err: (text) => (err += text), color: false, errColor: false }
  try {
    const { program } = await import('../../dist/cli/program.js')
    const { version } = await import('../../dist/cli/version.js')
    return { code: await program(args, version, terminal), out, err }
  } catch (error) {
    if (typeof error.exitCode === 'number')
      return { code: error.exitCode, out, err: `${err}mailgw: ${error.message}\n` }
    return { code: 1, out, err: `${err}${error.stack}\n` }
  }
}

const server = createServer((request, response) => {
  let text = ''
  request.on('data', (chunk) => (text += chunk))
  request.on('end', async () => response.end(JSON.stringify(await ended(JSON.parse(text)))))
})
server.listen(process.argv[2], () => process.send('listening'))
