/**
 * The benchmark of accounts: `tsx scripts/bench-accounts.ts [--only embedded,postgresql] [--rounds 5] [--short]`, on
 * both databases. Prints a table; see docs/performance.md.
 */
import { runBenchmark } from '../test/bench/command.ts'
import { ACCOUNTS_WORKS } from '../test/bench/works.ts'

runBenchmark(ACCOUNTS_WORKS, ['ffmpeg', 'postgresql', 'wrk'])
