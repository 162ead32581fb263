// Counts the Redis commands of a request, by MONITOR.
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { Monitor } from './commands/monitor.mjs'
import { report } from './commands/report.mjs'
import { Site } from './http/site.mjs'
import { machine } from './shared/machine.mjs'
import { PACKAGES } from './shared/packages.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'
import { startRedis } from './shared/redis.mjs'

const { values: options } = parseArgs({ options: OUTPUT })

/** `known`: with a valid cookie; `forged`: with an invalid signature; neither: without a cookie. */
const CELLS = {
  anonymous: { path: '/untouched' },
  forged: { path: '/untouched', forged: true },
  new: { path: '/new' },
  'not looked at': { path: '/untouched', known: true },
  read: { path: '/read', known: true },
  'rolling read': { path: '/rolling', known: true },
  modify: { path: '/modify', known: true },
  regenerate: { path: '/regenerate', known: true },
  logout: { path: '/logout', known: true },
}

// The first request also loads a script, so only the second and the third are compared.
const TIMES = 3

const server = await startRedis()
const monitor = await Monitor.start(server.url)
const counted = []
try {
  for (const name of Object.keys(PACKAGES)) {
    const site = await Site.start(name, server.url)
    await site.get('/untouched')
    for (const [cell, how] of Object.entries(CELLS))
      counted.push({ name, cell, ...(await count(site, how)) })
    await site.stop()
  }
  const names = ['koa', 'koa-session', 'koa-generic-session', 'koa-redis', 'ioredis']
  const results = { ...(await machine(names, { Redis: server.version })), counted }
  await publish('commands', results, { report }, options)
} finally {
  monitor.stop()
  await server.stop()
}

async function count(site, { path, known, forged }) {
  const runs = []
  while (runs.length < TIMES) {
    const [cookie] = known || forged ? await site.login(1) : []
    await monitor.taken()
    await site.get(path, forged ? forge(cookie) : cookie)
    runs.push(await monitor.taken())
  }
  const [, again, last] = runs
  assert.deepEqual(last, again, `${site.name}, ${path}: the requests sent different commands`)
  return last
}

// The last character of a cookie belongs to its signature.
function forge(cookie) {
  return cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
}
