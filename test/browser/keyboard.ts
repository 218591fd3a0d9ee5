import type { Page } from 'playwright-core'
import type { Test } from 'tap'

/** A page, used with the keyboard alone. */
export interface Keyboard {
  /** What has the focus, by what it says. */
  focused: () => Promise<string>
  /** Goes on with Tab until what says this has the focus, and it is seen. @param back with Shift */
  tabTo: (name: string, back?: 'back') => Promise<void>
  /** Goes to a field and writes into it, in place of what was there. */
  fill: (label: string, text: string) => Promise<void>
  /** Goes to something and presses Enter. */
  enter: (name: string, back?: 'back') => Promise<void>
}

/** More steps than any page has. */
const MOST_STEPS = 120

export function keyboardOf (t: Test, page: Page): Keyboard {
  const focused = async () => await page.evaluate(nameOfFocused)
  const tabTo = async (name: string, back?: 'back') => {
    const passed: string[] = []
    while (passed.length < MOST_STEPS) {
      await page.keyboard.press(back === undefined ? 'Tab' : 'Shift+Tab')
      const now = await focused()
      if (now === name) {
        if (!await page.evaluate(isOutlined)) t.fail(`one sees that ${name} has the focus`)
        return
      }
      passed.push(now)
    }
    throw new Error(`The keyboard does not get to ${name}; on the way: ${[...new Set(passed)].join(', ')}`)
  }
  return {
    focused,
    tabTo,
    fill: async (label, text) => {
      // A heading may say the same.
      if (await focused() !== label || !await page.evaluate(isField)) await tabTo(label)
      await page.keyboard.press('Control+a')
      await page.keyboard.press('Delete')
      await page.keyboard.type(text)
    },
    enter: async (name, back) => {
      if (await focused() !== name) await tabTo(name, back)
      await page.keyboard.press('Enter')
    }
  }
}

/** Runs in the page. */
function nameOfFocused (): string {
  const { activeElement: element } = (globalThis as any).document
  const spoken = (element.labels?.[0] ?? element).cloneNode(true)
  for (const hidden of spoken.querySelectorAll('[aria-hidden=true]')) hidden.remove()
  const words = element.getAttribute('aria-label') ?? spoken.textContent
  return words.replace(/\s+/g, ' ').trim().slice(0, 80)
}

/** Runs in the page. */
function isField (): boolean {
  return (globalThis as any).document.activeElement.labels?.length > 0
}

/** Runs in the page. What lies unseen over its label is shown by that. */
function isOutlined (): boolean {
  const { document, getComputedStyle } = globalThis as any
  const element = document.activeElement
  return [element, element.closest('label')].filter(Boolean).some((one: any) => {
    const { outlineStyle, outlineWidth, opacity } = getComputedStyle(one)
    return opacity !== '0' && outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
  })
}
