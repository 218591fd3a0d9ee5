import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TOKENS = 'src/ui/tokens.css'

const css = await readFile(join(ROOT, TOKENS), 'utf8')
const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)').map(part => part.split('@media')[0]!)
const colours = (text: string) => Object.fromEntries([...text.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, colour]) => [name!, colour!]))
const LIGHT = colours(light)
const SCHEMES = { light: LIGHT, dark: { ...LIGHT, ...colours(dark) } }

/** Relative luminance (WCAG 2.2). */
function luminance (colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map(at => parseInt(colour.slice(at, at + 2), 16) / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast (one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

/** What stands on what, with the contrast that it needs. */
const PAIRS: Array<[front: string, grounds: string[], least: number]> = [
  ['text', ['ground', 'surface', 'sunken', 'accent-tint', 'warning-tint', 'danger-tint'], 4.5],
  ['quiet', ['ground', 'surface', 'sunken'], 4.5],
  ['accent', ['ground', 'surface'], 4.5],
  ['on-accent', ['accent', 'accent-strong'], 4.5],
  ['on-live', ['live'], 4.5],
  ['danger', ['ground', 'surface', 'danger-tint'], 4.5],
  ['on-danger', ['danger'], 4.5],
  ['warning', ['ground', 'surface', 'warning-tint'], 4.5],
  ['on-stage', ['stage'], 4.5],
  ['on-stage-quiet', ['stage'], 4.5],
  ['on-stage-chip', ['stage-chip-strong'], 4.5],
  ['edge', ['ground', 'surface'], 3],
  ['live', ['ground', 'surface'], 3],
  ['good', ['sunken'], 3],
  ['stage-accent', ['stage'], 3]
]

t.test('contrast', async t => {
  t.equal(Math.round(contrast('#000000', '#ffffff')), 21)
  for (const [scheme, tokens] of Object.entries(SCHEMES)) {
    for (const [front, grounds, least] of PAIRS) {
      for (const ground of grounds) {
        const [a, b] = [tokens[front], tokens[ground]]
        t.ok(a !== undefined && b !== undefined && contrast(a, b) >= least, `${scheme}: ${front} on ${ground} ${a && b && contrast(a, b).toFixed(2)} of ${least}`)
      }
    }
  }
})

t.test('no other stylesheet names a colour, and every token that is used is there', async t => {
  const folders = ['src', 'plugins']
  const names = (await Promise.all(folders.map(async folder => (await readdir(join(ROOT, folder), { recursive: true })).filter(name => name.endsWith('.css') && !name.includes('built')).map(name => join(folder, name))))).flat()
  t.ok(names.length > 10)
  const known = new Set([...css.matchAll(/(--[\w-]+):/g)].map(([, name]) => name!))
  for (const name of names) {
    const text = await readFile(join(ROOT, name), 'utf8')
    if (name !== TOKENS) t.notMatch(text, /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(/i, name)
    const own = new Set([...text.matchAll(/(--[\w-]+):/g)].map(([, name]) => name!))
    t.strictSame([...text.matchAll(/var\((--[\w-]+)/g)].map(([, used]) => used!).filter(used => !known.has(used) && !own.has(used)), [], name)
  }
})
