import t from 'tap'
import { shortForm } from './short-form.ts'
import { containerReader } from './targets/container-reader.ts'
import { journal } from './targets/journal.ts'
import { packager } from './targets/packager.ts'
import { playlist } from './targets/playlist.ts'
import { tsCutter } from './targets/ts-cutter.ts'

await shortForm(t, [containerReader, tsCutter, playlist, packager, journal])
