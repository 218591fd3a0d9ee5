import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { planInstall, type Machine, type Tool } from '../../scripts/provide/plan.ts'
import { LOADER, ownProgram } from '../fixtures/own-program.ts'

const debian: Machine = { platform: 'linux', manager: 'apt-get', root: 'self', installAllowed: true }

function linesOf (missing: Tool[], machine: Machine): string[] {
  const plan = planInstall(missing, machine)
  if (plan.kind === 'instruct') throw new Error(plan.text)
  return plan.commands.map(({ line, mayFail }) => `${line.join(' ')}${mayFail === true ? ' (may fail)' : ''}`)
}

function instructionOf (missing: Tool[], machine: Machine): string {
  const plan = planInstall(missing, machine)
  if (plan.kind === 'run') throw new Error('it would run')
  return plan.text
}

t.test('what is run where that works without a question', async t => {
  const aptGet = 'env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120'
  t.same(linesOf(['ffmpeg', 'ffprobe', 'chromium'], debian), [`${aptGet} update (may fail)`, `${aptGet} install -y --no-install-recommends ffmpeg chromium`], 'a package once')
  const settingOfClusters = 'sed -i -E s/^#? *create_main_cluster *=.*/create_main_cluster = false/ /etc/postgresql-common/createcluster.conf'
  t.same(linesOf(['postgresql'], { ...debian, root: 'sudo' }), [`sudo -n ${aptGet} update (may fail)`, `sudo -n ${aptGet} install -y --no-install-recommends postgresql-common`, `sudo -n ${settingOfClusters}`, `sudo -n ${aptGet} install -y --no-install-recommends postgresql`], 'Debian makes no database of its own, nor starts one')
  t.same(linesOf(['ffprobe'], { ...debian, root: 'sudo' }), [`sudo -n ${aptGet} update (may fail)`, `sudo -n ${aptGet} install -y --no-install-recommends ffmpeg`])
  t.same(linesOf(['ffmpeg', 'chromium'], { ...debian, manager: 'apk' }), ['apk add --no-cache ffmpeg chromium'])
  t.same(linesOf(['ffmpeg', 'chromium'], { platform: 'darwin', manager: 'brew', root: 'no', installAllowed: true }), ['brew install ffmpeg', 'brew install --cask google-chrome'])
  t.same(linesOf(['redis-server'], debian)[1], `${aptGet} install -y --no-install-recommends redis-server`)
  t.same(linesOf(['redis-server'], { ...debian, manager: 'apk' }), ['apk add --no-cache redis'], 'elsewhere it is called otherwise')
})

t.test('what a person is told otherwise', async t => {
  t.equal(instructionOf(['ffmpeg'], { ...debian, root: 'no' }), 'Please run: sudo apt-get update && sudo apt-get install -y ffmpeg (not done here: it needs root)')
  t.equal(instructionOf(['ffmpeg', 'chromium'], { ...debian, installAllowed: false }), 'Please run: apt-get update && apt-get install -y ffmpeg chromium (not done here because HEADWATER_NO_INSTALL is 1)')
  t.match(instructionOf(['ffmpeg'], { platform: 'darwin', manager: 'brew', root: 'self', installAllowed: true }), 'Please run: brew install ffmpeg')
  t.match(instructionOf(['ffmpeg', 'ffprobe'], { ...debian, manager: undefined }), /^Please install FFmpeg .* FFMPEG_PATH to it; install FFmpeg .*ffprobe/)
  t.match(instructionOf(['chromium'], { platform: 'win32', manager: undefined, root: 'no', installAllowed: true }), /^Please use WSL, or install Chromium/)
})

const SCRIPT = ownProgram(new URL('../../scripts/provide.ts', import.meta.url))

/** A PATH on which there is nothing but the programs given here (shell scripts), sh and env. */
async function pathWith (t: Test, programs: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-provide-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  for (const [name, body] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${body.replaceAll('HERE', folder)}\n`)
    await chmod(join(folder, name), 0o755)
  }
  await symlink('/usr/bin/env', join(folder, 'env'))
  await symlink('/bin/sh', join(folder, 'sh'))
  return folder
}

async function runScript (path: string, tools: string[], environment: Record<string, string> = {}): Promise<{ code: number, stderr: string }> {
  return await new Promise(resolve => {
    execFile(process.execPath, [...LOADER, SCRIPT, ...tools], { env: { PATH: path, TMPDIR: tmpdir(), ...environment } }, (error, _stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stderr })
    })
  })
}

/** Passes what sudo is given on, with its -n taken out: tests run as root or not. */
const SUDO = 'shift; exec "$@"'
const WORKS = 'exit 0'

t.test('the script', async t => {
  await t.test('finds what is there and installs nothing', async t => {
    const path = await pathWith(t, { ffprobe: WORKS, 'google-chrome': WORKS, 'apt-get': 'echo called >&2; exit 1' })
    const { code, stderr } = await runScript(path, ['ffprobe', 'chromium'])
    t.equal(code, 0)
    t.equal(stderr, `ffprobe: ${path}/ffprobe\nchromium: ${path}/google-chrome\n`)
  })

  await t.test('installs what is missing, although the update failed', async t => {
    const path = await pathWith(t, {
      sudo: SUDO,
      'apt-get': 'case "$*" in --version) exit 0;; *update) exit 100;; *"install -y --no-install-recommends ffmpeg") echo "echo; exit 0" | /bin/cat > HERE/ffprobe; /bin/chmod +x HERE/ffprobe;; *) exit 2;; esac'
    })
    const { code, stderr } = await runScript(path, ['ffprobe'])
    t.equal(code, 0, stderr)
    t.match(stderr, /^Missing: ffprobe\. Installing with apt-get/)
    t.match(stderr, 'install -y --no-install-recommends ffmpeg', 'it says what it does')
    t.match(stderr, `ffprobe: ${path}/ffprobe`)
  })

  await t.test('says so when that did not help', async t => {
    const path = await pathWith(t, { sudo: SUDO, 'apt-get': WORKS })
    const { code, stderr } = await runScript(path, ['chromium'])
    t.equal(code, 1)
    t.match(stderr, /The installation did not help\. chromium is not there\nPlease install Chromium or Google Chrome, or set CHROMIUM_PATH to one\.\n$/)
  })

  await t.test('installs nothing with HEADWATER_NO_INSTALL=1', async t => {
    const path = await pathWith(t, { sudo: SUDO, 'apt-get': 'case "$*" in --version) exit 0;; *) echo called >&2;; esac' })
    const { code, stderr } = await runScript(path, ['ffprobe'], { HEADWATER_NO_INSTALL: '1' })
    t.equal(code, 1)
    t.match(stderr, /^Missing: ffprobe\. Please run: .*apt-get install -y ffmpeg \(not done here because HEADWATER_NO_INSTALL is 1\)\n$/)
  })

  await t.test('takes a library for what it does, not for its name', async t => {
    const path = await pathWith(t, { date: 'case "$LD_PRELOAD" in */works.so) echo 2001;; *) echo 2026;; esac' })
    await writeFile(join(path, 'works.so'), '')
    await writeFile(join(path, 'stub.so'), '')
    t.strictSame(await runScript(path, ['libfaketime'], { LIBFAKETIME_PATH: join(path, 'works.so') }), { code: 0, stderr: `libfaketime: ${path}/works.so\n` })
    t.strictSame(await runScript(path, ['libfaketime'], { LIBFAKETIME_PATH: join(path, 'stub.so') }), { code: 1, stderr: `${path}/stub.so does not change the time of a program\n` })
  })

  await t.test('finds PostgreSQL', async t => {
    const path = await pathWith(t, { postgres: 'test "$1" = --version' })
    t.strictSame(await runScript(path, ['postgresql']), { code: 0, stderr: `postgresql: ${path}/postgres\n` })
  })

  await t.test('does not pass over what was given', async t => {
    const path = await pathWith(t, { chromium: WORKS, sudo: SUDO, 'apt-get': 'echo called >&2' })
    const { code, stderr } = await runScript(path, ['chromium'], { CHROMIUM_PATH: '/nowhere/chromium' })
    t.equal(code, 1)
    t.equal(stderr, '/nowhere/chromium does not run\n')
  })

  await t.test('is told what it does not know', async t => {
    const { code, stderr } = await runScript(await pathWith(t, {}), ['gimp'])
    t.equal(code, 2)
    t.match(stderr, 'Usage: tsx scripts/provide.ts [ffmpeg] [ffprobe] [chromium] [libfaketime]')
  })
})
