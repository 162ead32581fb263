import Koa from 'koa'
import { expect, inject, test, vi } from 'vitest'
import { cookieSession } from '../../src/cookie.js'
import { Browser } from '../support/browser.js'
import { listen } from '../support/listen.js'
import { visitProgram } from '../support/program.js'
import { blocks, withFile } from './guide.js'

const [, PROGRAM = ''] = blocks('docs/migration.md', '### From the cookie to a store', 'js')

/** The cookie of a session that koa-sess/cookie made, with the key of the program. */
async function cookieOfAda(): Promise<string> {
  const [key = ''] = PROGRAM.match(/(?<=keys: \[')[^']+/) ?? []
  const app = new Koa()
  app.use(cookieSession({ key: 'koa.sess', keys: [key] }))
  app.use((ctx) => {
    ctx.session.user = 'ada'
    ctx.body = 'logged in'
  })
  const { origin, close } = await listen(app.callback())
  const browser = new Browser(origin)
  await browser.get('/')
  const value = browser.jar.get('koa.sess') ?? expect.fail('no cookie was sent')
  browser.close()
  await close()
  return value
}

test('the program with require and koa-redis keeps a session in Redis', async () => {
  const heading = '## From koa-sess 0.4 and koa-generic-session'
  const [program = ''] = blocks('docs/migration.md', heading, 'cjs')
  // The package of the require is not built for this test; check:package tries require.
  const code = program
    .replaceAll(/^const (\w+) = require\('([^']+)'\)/gm, "import $1 from '$2'")
    .replace("ctx.body = 'hello'", 'ctx.body = ctx.session.isNew')
  vi.stubEnv('REDIS_URL', inject('redisUrl'))
  try {
    await withFile('migration-require', code, (file) =>
      visitProgram(file, async (browser) => {
        expect((await browser.get('/')).text).toBe('true')
        expect((await browser.get('/')).text).toBe('false')
        expect([...browser.jar.keys()].sort()).toEqual(['shop.sid', 'shop.sid.sig'])
      }),
    )
  } finally {
    vi.unstubAllEnvs()
  }
})

test('a session of koa-sess/cookie moves to a store, by the program of the guide', async () => {
  const cookie = await cookieOfAda()
  await withFile('migration-cookie', PROGRAM, (file) =>
    visitProgram(file, async (browser) => {
      browser.jar.set('koa.sess', cookie)
      expect((await browser.get('/')).text).toBe('ada')
      expect([...browser.jar.keys()].sort()).toEqual(['koa.sid', 'koa.sid.sig'])
      expect((await browser.get('/')).text).toBe('ada')
    }),
  )
})

test('a session of koa-sess/cookie stays in its cookie if the store fails', async () => {
  const cookie = await cookieOfAda()
  const store = '{ get() {}, set() { throw new Error("full") }, destroy() {} }'
  const code = PROGRAM.replace("key: 'koa.sid'", `key: 'koa.sid', store: ${store}`)
    // Koa prints the error otherwise.
    .replace('const app = new Koa()', 'const app = new Koa()\napp.silent = true')
  expect(code).toContain(store)
  await withFile('migration-failure', code, (file) =>
    visitProgram(file, async (browser) => {
      browser.jar.set('koa.sess', cookie)
      expect((await browser.get('/')).status).toBe(500)
      expect([...browser.jar]).toEqual([['koa.sess', cookie]])
    }),
  )
})
