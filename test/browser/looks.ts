import axeCore from 'axe-core'
import type { Page } from 'playwright-core'

const WIDTHS = [320, 375, 1280]

/** The violations that axe finds on the page, each with the elements. */
export async function axe(page: Page): Promise<string[]> {
  // By the debugger: the page's policy takes no inline script.
  await page.evaluate(`${axeCore.source}; undefined`)
  return page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ target }) => target).join(", ")))',
  )
}

/** The widths, in CSS pixels, at which the page is wider than the window. */
export async function overflows(page: Page): Promise<number[]> {
  const before = page.viewportSize()
  const found: number[] = []
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 })
    const needed = await page.evaluate('document.documentElement.scrollWidth')
    if (Number(needed) > width) found.push(width)
  }
  if (before) await page.setViewportSize(before)
  return found
}
