/**
 * The benchmark of the core: `tsx scripts/bench-core.ts [--only id,id] [--rounds 5] [--short]`. The real server
 * and what it is compared with, as processes of their own, in turns. Prints a table; see docs/performance.md.
 */
import { runBenchmark } from '../test/bench/command.ts'
import { CORE_WORKS } from '../test/bench/works.ts'

runBenchmark(CORE_WORKS, ['ffmpeg', 'nginx', 'wrk'])
