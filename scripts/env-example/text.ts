import { listSettings, type Setting } from '../../src/config/schema.ts'

function line ({ env, default: value, unit, description, secret }: Setting): string {
  const shown = Array.isArray(value) ? value.join(',') : String(value)
  return `# ${description}${unit === undefined ? '' : ` [${unit}]`}${secret ? ' Secret.' : ''}\n#${env}=${shown}\n`
}

/** Every setting with its default, a section per plugin; commented out, so that copying it changes nothing. */
export function envExample (): string {
  const settings = listSettings()
  const sections = [...new Set(settings.map(({ section }) => section))]
  return '# Made from the configuration schema by `npm run env-example`. Copy to .env and uncomment what you change.\n' +
    sections.map(name => `\n## ${name}\n\n${settings.filter(({ section }) => section === name).map(line).join('\n')}`).join('')
}
