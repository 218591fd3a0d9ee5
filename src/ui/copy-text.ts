/**
 * Puts text on the clipboard.
 * @returns whether it is there; pages that are neither of https nor of localhost have only the old way
 */
export async function copyText (text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyFromElement(text)
  }
}

function copyFromElement (text: string): boolean {
  const before = document.activeElement
  const element = document.createElement('textarea')
  element.value = text
  element.className = 'visually-hidden'
  // Beside a modal dialog nothing can be selected.
  const parent = before?.closest('dialog') ?? document.body
  parent.append(element)
  element.select()
  try {
    return document.execCommand('copy')
  } finally {
    element.remove()
    if (before instanceof HTMLElement) before.focus()
  }
}
