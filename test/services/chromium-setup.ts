import type { TestProject } from 'vitest/node'
import { ensure } from './tools.js'

declare module 'vitest' {
  interface ProvidedContext {
    chromiumPath: string
  }
}

export default function setup(project: TestProject) {
  const preset = process.env.TEST_CHROMIUM
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const path = preset || ensure({ names, package: 'chromium', variable: 'TEST_CHROMIUM' })
  project.provide('chromiumPath', path)
}
