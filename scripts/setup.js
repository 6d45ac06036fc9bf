// What a fresh clone needs before `npm start` and `npm test` (with --test): packages, a current build, for tests also the
// programs that they talk to. It runs before node_modules exists, so it uses nothing but Node's own modules.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const inRoot = (...names) => join(root, ...names)

checkNode()
installPackages()
build()
if (process.argv.includes('--test')) {
  installPeers()
  unpackExim()
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  const [wanted, have] = [engines.node.replace('>=', ''), process.versions.node].map((text) =>
    text.split('.').map(Number),
  )
  const older = have[0] < wanted[0] || (have[0] === wanted[0] && have[1] < (wanted[1] ?? 0))
  if (older) fail(`mailgw needs Node ${engines.node}; this is ${process.version}`)
}

/** `npm ci` unless npm's own record of node_modules names the versions of the lock file. */
function installPackages() {
  const record = inRoot('node_modules', '.package-lock.json')
  if (existsSync(record)) {
    const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages
    const have = packages(record)
    // The lock file also names what is made for other machines.
    const missing = Object.entries(packages(inRoot('package-lock.json'))).filter(
      ([name, { version, optional, peer }]) =>
        name !== '' && have[name]?.version !== version && !(have[name] === undefined && (optional || peer)),
    )
    if (missing.length === 0) return
  }
  say('installing packages (npm ci)')
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
}

/** Builds when a source is newer than the build; a build that fails writes nothing (`noEmitOnError`). */
function build() {
  const built = inRoot('dist', 'cli', 'main.js')
  const builtAt = existsSync(built) ? statSync(built).mtimeMs : 0
  const sources = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/finish-build.js'].map((name) =>
    inRoot(name),
  )
  for (const entry of readdirSync(inRoot('src'), { recursive: true, withFileTypes: true })) {
    sources.push(join(entry.parentPath ?? entry.path, entry.name))
  }
  if (sources.every((file) => statSync(file).mtimeMs < builtAt)) return
  say('building (npm run build)')
  run('npm', ['run', '--silent', 'build'])
}

/** Debian packages, each with a program that shows that it is there. Postfix gives smtp-source and smtp-sink. */
function installPeers() {
  const peers = [
    ['postfix', 'smtp-source'],
    ['dovecot-core', 'dovecot'],
    ['swaks', 'swaks'],
    ['msmtp', 'msmtp'],
    ['gsasl', 'gsasl'],
    ['libsasl2-modules', '/usr/share/doc/libsasl2-modules/copyright'],
    ['curl', 'curl'],
    ['nsd', 'nsd'],
    ['unbound', 'unbound'],
    ['rbldnsd', 'rbldnsd'],
    ['bind9-dnsutils', 'dig'],
    ['ldnsutils', 'ldns-keygen'],
    ['slapd', 'slapd'],
    ['freeradius', 'freeradius'],
    ['haproxy', 'haproxy'],
    ['libnet-ssleay-perl', '/usr/share/doc/libnet-ssleay-perl'],
    ['openssl', 'openssl'],
    ['strace', 'strace'],
    ['gcc', 'cc'],
    ['libc6-dev', '/usr/include/stdio.h'],
    ['python3', 'python3'],
    // What Exim is linked with; itself it is only unpacked.
    ...['libdb5.3', 'libgnutls-dane0', 'libidn12', 'libnsl2', 'libpcre2-8-0'].map((name) => [
      name,
      `/usr/share/doc/${name}/copyright`,
    ]),
  ]
  const missing = peers.filter(([, sign]) => !isThere(sign)).map(([name]) => name)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    say(`these programs are missing, and the tests that need them are skipped: ${missing.join(' ')}`)
    say(`as root on Debian: apt-get install --no-install-recommends ${missing.join(' ')}`)
    return
  }
  say(`installing for the tests: ${missing.join(' ')}`)
  withoutStartingServices(() => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    run('apt-get', ['update', '-qq'], env)
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], env)
  })
}

/**
 * Exim beside Postfix: Debian lets one mail server be installed, so this one is unpacked where only the tests find it. It
 * will not run without the user that its package would have made.
 */
function unpackExim() {
  const folder = inRoot('node_modules', '.cache', 'mailgw-peers', 'exim')
  const isUnpacked = existsSync(join(folder, 'usr', 'sbin', 'exim4'))
  const hasUser = spawnSync('id', ['Debian-exim']).status === 0
  if (isUnpacked && hasUser) return
  if (process.getuid?.() !== 0 || !isThere('apt-get') || !isThere('dpkg-deb')) {
    say('exim4 is missing, and the tests that need it are skipped')
    return
  }
  say('unpacking Exim for the tests')
  if (!hasUser) run('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'Debian-exim'])
  if (isUnpacked) return
  const downloads = `${folder}.download`
  mkdirSync(downloads, { recursive: true })
  run('apt-get', ['download', '-qq', 'exim4-daemon-light', '-o', 'APT::Sandbox::User=root'], process.env, downloads)
  for (const name of readdirSync(downloads)) run('dpkg-deb', ['-x', join(downloads, name), folder])
  rmSync(downloads, { recursive: true })
}

/** Debian starts a server when it installs it, unless this file says that it must not (invoke-rc.d(8)). */
function withoutStartingServices(install) {
  const policy = '/usr/sbin/policy-rc.d'
  const ours = !existsSync(policy)
  if (ours) {
    mkdirSync('/usr/sbin', { recursive: true })
    writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  }
  try {
    install()
  } finally {
    if (ours) rmSync(policy, { force: true })
  }
}

/** Debian keeps some servers outside of a plain user's PATH. */
function isThere(sign) {
  if (sign.startsWith('/')) return existsSync(sign)
  const folders = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/local/sbin`.split(':')
  return folders.some((folder) => folder !== '' && existsSync(join(folder, sign)))
}

/** What the program says is shown on standard error, so that standard output stays the caller's. */
function run(program, args, env = process.env, cwd = root) {
  const { status, error } = spawnSync(program, args, { cwd, env, stdio: ['ignore', 2, 2] })
  if (error !== undefined || status !== 0)
    fail(`${program} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`)
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`)
}

function fail(text) {
  process.stderr.write(`setup: ${text}\n`)
  process.exit(1)
}
