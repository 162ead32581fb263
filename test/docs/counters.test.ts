import { expect, test } from 'vitest'
import { visitProgram } from '../support/program.js'
import { blocks, withFile } from './guide.js'

const [PROGRAM = ''] = blocks('docs/races.md', '## Counters', 'js')

test('the counter in the guide answers a request with the cookie of an ended session', async () => {
  const code = PROGRAM.replace(
    'app.use(async (ctx) => {',
    `app.use(async (ctx) => {
  if (ctx.path === '/logout') {
    ctx.session = null
    ctx.body = 'bye'
    return
  }`,
  )
  expect(code).not.toBe(PROGRAM)
  await withFile('counters', code, (file) =>
    visitProgram(file, async (browser) => {
      await browser.get('/')
      expect((await browser.get('/')).text).toBe('You were here 2 times')
      const { cookie } = browser
      await browser.get('/logout')
      expect(await browser.get('/', { cookie })).toMatchObject({
        status: 200,
        text: 'You logged in or out a moment ago',
      })
    }),
  )
})
