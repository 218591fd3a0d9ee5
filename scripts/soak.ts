/**
 * The soak: `tsx scripts/soak.ts [--minutes 30] [--streams 10] [--viewers 5] [--pages 10]`. Copied streams in
 * real time for so long, with viewers of each; as many streams as there are pages have a real player among
 * theirs. Nothing may grow, restart or stand still. The last line says how many checks passed.
 */
import { parseArgs } from 'node:util'
import { soak, type SoakOptions } from '../test/soak/soak.ts'

function readCommandLine (args: string[]): Omit<SoakOptions, 'note'> {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '30' },
      streams: { type: 'string', default: '10' },
      viewers: { type: 'string', default: '5' },
      pages: { type: 'string' }
    }
  })
  const number = (option: 'minutes' | 'streams' | 'viewers' | 'pages', least: number) => {
    const value = Number(values[option])
    if (!(value >= least)) throw new Error(`--${option} must be a number from ${least}`)
    return value
  }
  const streams = number('streams', 1)
  return { minutes: number('minutes', 1), streams, viewers: number('viewers', 1), pages: values.pages === undefined ? streams : Math.min(streams, number('pages', 0)) }
}

async function main (): Promise<void> {
  const began = performance.now()
  const checks = await soak({
    ...readCommandLine(process.argv.slice(2)),
    note: text => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${text}`)
  })
  console.log('')
  for (const { name, found, failures } of checks) {
    console.log(`${failures.length === 0 ? 'passed' : 'FAILED'}  ${name}: ${found}`)
    for (const failure of failures) console.log(`        ${failure}`)
  }
  const failed = checks.filter(({ failures }) => failures.length > 0).length
  console.log(`\n${checks.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

main().catch((error: Error) => {
  console.error(error.message)
  console.log('\n0 passed, 1 failed')
  process.exitCode = 1
})
