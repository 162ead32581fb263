import { randomUUID } from 'node:crypto'
import type { Context } from 'koa'
import { afterEach, expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'
import { type Site, serve } from '../support/site.js'

let site: Site
afterEach(() => site.close())

test('each function that is called in a request gets its context, as this and as an argument', async () => {
  const seen = new Map<string, boolean>()
  const note = (name: string, that: unknown, ctx: Context) =>
    seen.set(name, that === ctx && ctx.path === '/count')
  const store = new FaultyStore(new MemoryStore())
  site = await serve(
    {
      '/count': (ctx) => {
        ctx.session.count = (ctx.session.count ?? 0) + 1
      },
    },
    {
      store,
      genSid(_length, ctx) {
        note('genSid', this, ctx)
        return randomUUID()
      },
      valid(ctx) {
        return note('valid', this, ctx)
      },
      beforeSave(ctx) {
        note('beforeSave', this, ctx)
      },
      errorHandler(_error, _type, ctx) {
        note('errorHandler', this, ctx)
      },
      users: {
        of: () => 'ada',
        describe(ctx) {
          return void note('describe', this, ctx)
        },
      },
    },
  )
  const browser = site.browser()
  await browser.get('/count')
  await browser.get('/count')
  store.fail('load')
  await browser.get('/count')
  expect(Object.fromEntries(seen)).toEqual({
    genSid: true,
    valid: true,
    beforeSave: true,
    errorHandler: true,
    describe: true,
  })
})

test('sessionIdStore works with arrow functions: the context is their last argument', async () => {
  const own: unknown[] = []
  site = await serve(
    {
      '/count': (ctx) => {
        ctx.session.count = (ctx.session.count ?? 0) + 1
        return ctx.session.count
      },
      '/leave': (ctx) => {
        ctx.session = null
      },
    },
    {
      sessionIdStore: {
        get(ctx) {
          own.push(this === ctx)
          return ctx.get('x-session')
        },
        set: (sid, session, ctx) => ctx.set('x-session', `${sid} ${session.count}`),
        reset: (ctx) => ctx.set('x-session', 'none'),
      },
    },
  )
  const browser = site.browser()
  const [id, count] = String((await browser.get('/count')).headers['x-session']).split(' ')
  expect(count).toBe('1')
  const headers = { 'x-session': `${id}` }
  expect((await browser.get('/count', headers)).json()).toBe(2)
  expect((await browser.get('/leave', headers)).headers['x-session']).toBe('none')
  expect(own).toEqual([true, true, true])
})
