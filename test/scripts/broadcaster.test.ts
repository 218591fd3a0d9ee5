import t from 'tap'
import { HELP, readCommandLine } from '../../scripts/broadcaster/command-line.ts'
import { parseTracks } from '../../scripts/broadcaster/probe.ts'
import { ENCODING_DEFAULTS, FORMATS, recordingArguments, type Format, type RecordingPlan } from '../../scripts/broadcaster/recording.ts'

const plan = (more: Partial<RecordingPlan> = {}): RecordingPlan => ({ ...ENCODING_DEFAULTS, source: { kind: 'generated' }, chunkMs: 250, ...more })
/** The value behind an option. */
const after = (args: string[], option: string) => args.includes(option) ? args[args.indexOf(option) + 1] : undefined

t.test('arguments of a recording', async t => {
  const codecs: Record<Format, [string, string, string]> = {
    h264: ['matroska', 'libx264', 'libopus'],
    'h264-aac': ['matroska', 'libx264', 'aac'],
    mp4: ['mp4', 'libx264', 'aac'],
    vp8: ['webm', 'libvpx', 'libopus'],
    vp9: ['webm', 'libvpx-vp9', 'libopus']
  }
  for (const [format, expected] of Object.entries(codecs)) {
    const args = recordingArguments(plan({ format: format as Format }))
    t.same([after(args, '-f'), args.at(-2), after(args, '-c:v'), after(args, '-c:a'), args.at(-1)], ['lavfi', ...expected, 'pipe:1'], format)
    t.ok(args.indexOf('-re') < args.indexOf('-i'), 'in real time')
  }
  t.match(after(recordingArguments(plan({ format: 'mp4' })), '-movflags'), /default_base_moof/)
  t.equal(after(recordingArguments(plan()), '-bf'), '0', 'no B-frames')
  t.equal(after(recordingArguments(plan({ frameRate: 24, keyFrameSeconds: 2 })), '-g'), '48')
  t.equal(after(recordingArguments(plan({ seconds: 7.5 })), '-t'), '7.5')
})

t.test('the generated picture and sound', async t => {
  const input = (more: Partial<RecordingPlan>) => after(recordingArguments(plan(more)), '-i')!
  t.match(input({ width: 640, height: 360, frameRate: 25 }), /^testsrc2=size=640x360:rate=25,drawbox=x=0:y=0:w=iw:h=ih:color=white:t=fill:enable='lt\(mod\(n,25\),2\)'\[out0\];aevalsrc=/)
  t.match(input({ source: { kind: 'generated', flash: 'corner' } }), 'drawbox=x=iw-iw/8:')
  t.notMatch(input({}), 'drawtext', 'text is only written where that works')
  t.match(input({ clock: true }), "drawtext=text='%{pts\\:hms}'")
  t.match(input({ video: false }), /^aevalsrc=.*\[out0\]$/)
  t.notMatch(input({ audio: false }), 'aevalsrc')
  t.notOk(recordingArguments(plan({ audio: false })).includes('-c:a'))
  t.notOk(recordingArguments(plan({ video: false })).includes('-c:v'))
  t.throws(() => recordingArguments(plan({ audio: false, video: false })), { message: 'A recording needs video or audio' })
  t.throws(() => recordingArguments(plan({ frameRate: 29.97 })), { message: 'The frame rate must be an integer from 1' })
})

t.test('a file is copied where its tracks fit', async t => {
  const file = (format: Format, tracks: { video?: string, audio?: string }, transcode = false) => {
    const args = recordingArguments(plan({ format, tracks, source: { kind: 'file', path: 'a.mp4', transcode } }))
    return [after(args, '-c:v'), after(args, '-c:a')]
  }
  t.same(file('mp4', { video: 'h264', audio: 'aac' }), ['copy', 'copy'])
  t.same(file('h264', { video: 'h264', audio: 'aac' }), ['copy', 'libopus'])
  t.same(file('vp8', { video: 'h264', audio: 'opus' }), ['libvpx', 'copy'])
  t.same(file('mp4', { video: 'h264', audio: 'aac' }, true), ['libx264', 'aac'])
  const args = recordingArguments(plan({ width: 320, height: 180, tracks: {}, source: { kind: 'file', path: 'a b.mp4' } }))
  t.equal(after(args, '-i'), 'a b.mp4')
  t.match(after(args, '-vf'), /^scale=320:180:force_original_aspect_ratio=decrease,pad=320:180/)
})

t.test('tracks in the words of FFmpeg', async t => {
  const description = `Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'a.mp4':
  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(progressive), 1280x720, 30 fps (default)
  Stream #0:1[0x2](eng): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp, 128 kb/s (default)
At least one output file must be specified`
  t.same(parseTracks(description), { video: 'h264', audio: 'aac' })
  t.same(parseTracks('  Stream #0:0: Audio: vorbis, 44100 Hz, stereo'), { audio: 'vorbis' })
  t.same(parseTracks('a.txt: Invalid data found when processing input'), {})
})

t.test('the command line', async t => {
  const read = (...args: string[]) => {
    const command = readCommandLine(args)
    if (command === 'help') throw new Error('help')
    return command
  }
  t.match(read().options, { url: 'http://127.0.0.1:5050', path: '/socket.io', streamKey: 'demo', format: 'h264', source: { kind: 'generated', flash: 'picture' }, video: true, audio: true })
  t.match(read('--file', 'a.mp4', '--transcode', '--key', 'k', '--format', 'mp4').options, { source: { kind: 'file', path: 'a.mp4', transcode: true }, streamKey: 'k', format: 'mp4' })
  t.match(read('--size', '640x360', '--fps', '25', '--key-frames', '0.5', '--seconds', '9', '--chunk-ms', '100', '--no-audio').options, { width: 640, height: 360, frameRate: 25, keyFrameSeconds: 0.5, seconds: 9, chunkMs: 100, audio: false, video: true })
  t.equal(read('--quiet').quiet, true)
  t.equal(readCommandLine(['--help', '--fps', 'x']), 'help')
  const isKnown = (option: string) => {
    try {
      readCommandLine([option])
      return true
    } catch (error) {
      // Some want a value.
      return !/unknown/i.test((error as Error).message)
    }
  }
  t.same(HELP.match(/--[a-z-]+/g)!.filter(option => !isKnown(option)), [], 'what the help names exists')
  for (const format of Object.keys(FORMATS)) t.ok(HELP.includes(format), `${format} is explained`)

  const wrong: Array<[string[], RegExp]> = [
    [['--format', 'avi'], /--format must be one of/],
    [['--size', '641x360'], /--size/],
    [['--size', 'big'], /--size/],
    [['--fps', '29.97'], /--fps must be an integer/],
    [['--seconds', '0'], /--seconds must be a number above 0/],
    [['--flash', 'everywhere'], /--flash/],
    [['--no-audio', '--no-video'], /nothing to send/],
    [['--colour', 'red'], /colour/]
  ]
  for (const [args, message] of wrong) t.throws(() => readCommandLine(args), { message }, args.join(' '))
})
