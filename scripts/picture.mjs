// Writes docs/lab.png, the picture in README, from the running page of the lab: npm run picture
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { FLAGS } from '../test/browser/flags.ts'
import { ensure } from '../test/services/tools.ts'

const ADDRESS = /http:\/\/localhost:\d+/
const PICTURE = fileURLToPath(new URL('../docs/lab.png', import.meta.url))
const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

const executablePath =
  process.env.TEST_CHROMIUM ||
  ensure({ names: NAMES, package: 'chromium', variable: 'TEST_CHROMIUM' })

const server = spawn(process.execPath, ['examples/lab/server.js'], {
  env: { ...process.env, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const browser = await chromium.launch({ executablePath, args: FLAGS })
try {
  const page = await browser.newPage({ viewport: { width: 1180, height: 900 } })
  await page.goto(await address())
  // From the headline to the end of the first two packages.
  const { y, height } = await page.locator('.run').first().boundingBox()
  const clip = { x: 0, y: 0, width: 1180, height: y + height + 16 }
  await page.screenshot({ path: PICTURE, clip, fullPage: true })
  console.log('docs/lab.png is written')
} finally {
  await browser.close()
  server.kill()
}

async function address() {
  let output = ''
  while (!ADDRESS.test(output)) {
    const ended = once(server, 'exit').then(() => Promise.reject(new Error(output)))
    const [text] = await Promise.race([once(server.stdout, 'data'), ended])
    output += text
  }
  return ADDRESS.exec(output)[0]
}
