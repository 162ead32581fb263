import type { TestProject } from 'vitest/node'
import { ensure, find, installMissing, type Tool } from './tools.js'

declare module 'vitest' {
  interface ProvidedContext {
    chromiumPath: string
    /** Chromium without the parts of a desktop browser, where there is one: it takes half of the time. */
    headlessPath: string
  }
}

const CHROMIUM: Tool = {
  names: ['chromium', 'chromium-browser', 'google-chrome'],
  package: 'chromium',
  variable: 'TEST_CHROMIUM',
}
const HEADLESS: Tool = {
  names: ['chromium-headless-shell', 'chrome-headless-shell'],
  package: 'chromium-headless-shell',
  variable: 'TEST_CHROMIUM',
}

export default function setup(project: TestProject) {
  const preset = process.env.TEST_CHROMIUM
  if (!preset && !find(CHROMIUM)) installBoth()
  const path = preset || ensure(CHROMIUM)
  project.provide('chromiumPath', path)
  project.provide('headlessPath', preset || find(HEADLESS) || path)
}

function installBoth(): void {
  try {
    installMissing(CHROMIUM, HEADLESS)
  } catch {
    // Ubuntu has no package of the second. `ensure` installs the first, or says why it cannot.
  }
}
