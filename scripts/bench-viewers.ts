/**
 * The benchmark of what viewers see: `tsx scripts/bench-viewers.ts [--rounds 5] [--short]`. How far the picture
 * of the watch page is behind the camera of the studio, in each format. Prints a table; see docs/client.md.
 */
import { runBenchmark } from '../test/bench/command.ts'
import { VIEWERS_WORKS } from '../test/bench/works.ts'

runBenchmark(VIEWERS_WORKS, ['ffmpeg', 'chromium'])
