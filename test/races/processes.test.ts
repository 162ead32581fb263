import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'tsdown'
import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { type Opened, STRONG } from '../support/backends.js'
import { CASES } from './cases.js'
import { Player } from './player.js'

// Inside of the repo, so that the bundle finds koa and ioredis.
const folder = mkdtempSync(join(import.meta.dirname, 'generated-'))
const bundle = join(folder, 'process.mjs')

beforeAll(async () => {
  await build({
    config: false,
    entry: { process: join(import.meta.dirname, 'process.ts') },
    format: 'esm',
    platform: 'node',
    outDir: folder,
    outExtensions: () => ({ js: '.mjs' }),
    dts: false,
    clean: false,
    logLevel: 'silent',
  })
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each([
  { rolling: false, defer: false },
  { rolling: true, defer: true },
])('two processes on one Redis (rolling $rolling, defer $defer)', ({ rolling, defer }) => {
  let opened: Opened
  let children: ChildProcess[]
  let origins: string[]
  beforeAll(async () => {
    const redis = STRONG.find(({ name }) => name === 'RedisStore, ioredis')
    if (!redis) throw new Error('no Redis among the stores')
    opened = await redis.open()
    const env = {
      ...process.env,
      REDIS_URL: inject('redisUrl'),
      PREFIX: opened.prefix,
      ROLLING: String(rolling),
      DEFER: String(defer),
    }
    children = [fork(bundle, { env }), fork(bundle, { env })]
    const told = await Promise.all(children.map((child) => once(child, 'message')))
    origins = told.map(([origin]) => String(origin))
  }, 60_000)
  afterAll(async () => {
    await Promise.all(
      children.map((child) => {
        child.disconnect()
        return once(child, 'exit')
      }),
    )
    await opened.close()
  })

  test.each(Object.keys(CASES))('%s', async (name) => {
    for (const key of (await opened.records()).keys()) await opened.remove(key)
    const user = new Player(origins)
    await CASES[name]?.({
      user,
      records: async () => (await opened.records()).size,
      expire: (id) => opened.remove(opened.prefix + id),
    })
    user.close()
  })
})
