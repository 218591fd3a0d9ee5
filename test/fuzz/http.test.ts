import t from 'tap'
import { shortForm } from './short-form.ts'
import { http } from './targets/http.ts'

await shortForm(t, [http])
