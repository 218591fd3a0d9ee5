import { listSettings, type Setting } from '../../src/config/schema.ts'

const BEGIN = '<!-- settings: written by `npm run env-example` -->'
const END = '<!-- end of the settings -->'

const code = (value: unknown) => value === '' || (Array.isArray(value) && value.length === 0) ? '' : `\`${String(value)}\``

function row ({ env, name, default: value, unit, description, secret }: Setting): string {
  return `| \`${env}\` | \`${name}\` | ${code(value)} | ${unit ?? ''} | ${description.replaceAll('|', '\\|')}${secret ? ' Secret.' : ''} |\n`
}

/** Every setting, a table per section. */
function tables (): string {
  const settings = listSettings()
  const sections = [...new Set(settings.map(({ section }) => section))]
  return sections.map(section => `\n### ${section}\n\n| Variable | Option | Default | Unit | What it does |\n|---|---|---|---|---|\n${settings.filter(setting => setting.section === section).map(row).join('')}`).join('')
}

/** A document with the tables of the settings where it has its marks. @throws Error when it has none */
export function withSettings (document: string): string {
  const [before, rest] = document.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`The marks "${BEGIN}" and "${END}" are not both there`)
  return `${before}${BEGIN}\n${tables()}\n${END}${after}`
}
