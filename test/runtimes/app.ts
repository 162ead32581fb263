import { deepEqual, equal } from 'node:assert/strict'
import Koa from 'koa'
import session from '../../src/index.js'
import { Browser } from '../support/browser.js'
import { listen } from '../support/listen.js'

/** The app of the smoke tests: it counts, logs in and logs out. */
export function makeApp(): Koa {
  const app = new Koa()
  app.keys = ['a long random secret of the runtimes']
  app.use(session())
  app.use((ctx) => {
    if (ctx.path === '/login') {
      ctx.regenerateSession()
      ctx.session.user = 'ada'
    }
    if (ctx.path === '/logout') ctx.session = null
    else ctx.session.views = (ctx.session.views ?? 0) + 1
    ctx.body = { user: ctx.session.user ?? null, views: ctx.session.views ?? 0 }
  })
  return app
}

/** Asks such an app over HTTP, as a browser does. */
export async function playApp(): Promise<void> {
  const server = await listen(makeApp().callback())
  const browser = new Browser(server.origin)
  const answers: unknown[] = []
  for (const path of ['/', '/', '/login', '/', '/logout'])
    answers.push((await browser.get(path)).json())
  deepEqual(answers, [
    { user: null, views: 1 },
    { user: null, views: 2 },
    { user: 'ada', views: 1 },
    { user: 'ada', views: 2 },
    { user: null, views: 0 },
  ])
  equal(browser.cookie, '')
  browser.close()
  await server.close()
}
