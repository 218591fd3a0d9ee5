import { broadcast } from './broadcaster/broadcast.ts'
import { HELP, readCommandLine } from './broadcaster/command-line.ts'
import { interruptSignal } from './interrupt.ts'

/** Sends a live broadcast from the command line; see `--help`. The function behind it: broadcaster/broadcast.ts. */
async function main (): Promise<void> {
  const command = readCommandLine(process.argv.slice(2))
  if (command === 'help') {
    process.stdout.write(HELP)
    return
  }
  const { options, quiet } = command
  const say = (message: string) => { if (!quiet) process.stderr.write(`${message}\n`) }

  let saidAt = 0
  const { reason, chunks, sentBytes, reconnects } = await broadcast({
    ...options,
    signal: interruptSignal(() => say('ending the stream; Ctrl-C again to leave at once')),
    onStarted: ({ status, nextSeq }) => say(status === 'broadcasting' ? `broadcasting ${options.streamKey} to ${options.url}` : `going on with chunk ${nextSeq}`),
    onAck: ({ seq, safeSeq, keptBytes, sentBytes: sent }) => {
      if (performance.now() - saidAt < 5_000) return
      saidAt = performance.now()
      say(`chunk ${seq} taken, safe up to ${safeSeq}; ${kilobytes(sent)} sent, ${kilobytes(keptBytes)} kept`)
    },
    onTrouble: message => process.stderr.write(`${message}\n`)
  })
  say(`${reason}: ${chunks} chunks, ${kilobytes(sentBytes)}, ${reconnects} reconnects`)
}

function kilobytes (bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
