import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { visitProgram } from '../support/program.js'

const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
const folder = join(import.meta.dirname, 'generated')
const USERS = 4
const REQUEST = 'http.server.request.start'

test('the shutdown in the guide ends while keep-alive clients go on sending', async () => {
  const code = /^## Shutdown\n+```js\n(.*?)^```$/ms.exec(page)?.[1] ?? ''
  const file = join(folder, 'shutdown.mjs')
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, code)
  process.env.REDIS_URL = inject('redisUrl')
  await visitProgram(file, async (browser) => {
    const isServed = () =>
      browser.get('/').then(
        ({ status }) => status === 200,
        () => false,
      )
    const answered = Array.from({ length: USERS }, () => 0)
    const users = answered.map(async (_, user) => {
      while (await isServed()) answered[user] = (answered[user] ?? 0) + 1
    })
    await expect.poll(() => Math.min(...answered)).toBeGreaterThan(2)
    const [shutDown] = process.listeners('SIGTERM').slice(-1)
    // While a request is under way: its connection is not idle, so the server does not close it.
    await new Promise((resolve) => {
      const onRequest = () => {
        unsubscribe(REQUEST, onRequest)
        resolve(shutDown?.('SIGTERM'))
      }
      subscribe(REQUEST, onRequest)
    })
    await Promise.all(users)
  })
  process.removeAllListeners('SIGTERM')
  rmSync(file)
})
