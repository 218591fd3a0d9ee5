/**
 * The benchmark of stages: `tsx scripts/bench-ivs.ts [--only id,id] [--rounds 5] [--short]`. Heartbeats, tokens and
 * statistics of the real server, and what they cost it. Prints a table; see docs/performance.md.
 */
import { runBenchmark } from '../test/bench/command.ts'
import { IVS_WORKS } from '../test/bench/works.ts'

runBenchmark(IVS_WORKS, ['ffmpeg', 'postgresql', 'redis-server', 'wrk'])
