// Holds sessions in a process of its own: node --expose-gc worker.mjs REDIS_URL SESSIONS RECHECK
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import session from '../../dist/index.js'
import { RedisStore } from '../../dist/redis.js'
import { answer } from '../shared/child.mjs'

const [url, size, recheck] = process.argv.slice(2)
const AT_ONCE = 500
const PREFIX = 'koa:sess:'
const VALUE = JSON.stringify({ user: { id: 1, name: 'ada' }, note: 'x'.repeat(200) })

const client = new Redis(url)
const store = new RedisStore({ client })
const sessions = session({ store, recheck: Number(recheck), cookie: { signed: false } })
const held = []

const idOf = (index) => String(index).padStart(32, '0')

async function hold(index) {
  await store.create(PREFIX + idOf(index), VALUE, Date.now() + 86_400_000)
  held.push(await sessions.open({ headers: { cookie: `koa.sid=${idOf(index)}` } }))
}

/** Socket writes and the commands that they carry. */
const traffic = { writes: 0 }
async function countWrites() {
  if (client.status !== 'ready') await new Promise((resolve) => client.once('ready', resolve))
  const { stream } = client
  for (const name of ['_write', '_writev']) {
    const write = stream[name]
    stream[name] = function (...args) {
      traffic.writes++
      return Reflect.apply(write, this, args)
    }
  }
}
await countWrites()

async function commands() {
  const stats = await client.info('stats')
  return Number(/total_commands_processed:(\d+)/.exec(stats)?.[1])
}

answer({
  /** Opens all connections. @returns bytes for each. */
  async open() {
    const before = used()
    for (let index = 0; index < Number(size); index += AT_ONCE)
      await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, Number(size) - index) }, (_, at) =>
          hold(index + at),
        ),
      )
    const after = used()
    const bytes = (name) => (after[name] - before[name]) / Number(size)
    return { heap: bytes('heap'), rss: bytes('rss') }
  },

  /** Does nothing but check. @returns CPU in µs, commands and socket writes of each second. */
  async rest(seconds) {
    const [cpu, before, begun] = [process.cpuUsage(), await commands(), performance.now()]
    traffic.writes = 0
    await sleep(seconds * 1000)
    const { writes } = traffic
    const { user, system } = process.cpuUsage(cpu)
    const sent = (await commands()) - before - 1
    const elapsed = (performance.now() - begun) / 1000
    const aborted = held.filter(({ signal }) => signal.aborted).length
    return {
      ...{ cpu: (user + system) / elapsed, commands: sent / elapsed, writes: writes / elapsed },
      aborted,
    }
  },
})

function used() {
  for (let turn = 0; turn < 2; turn++) globalThis.gc()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}
