// The cost of connections that hold sessions: CPU, memory and commands, on a Redis.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { report } from './connections/report.mjs'
import { Child } from './shared/child.mjs'
import { machine } from './shared/machine.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'
import { startRedis } from './shared/redis.mjs'

const { values: options } = parseArgs({
  options: {
    sessions: { type: 'string', default: '10000' },
    recheck: { type: 'string', default: '30000' },
    seconds: { type: 'string', default: '60' },
    ...OUTPUT,
  },
})
const sessions = Number(options.sessions)
const recheck = Number(options.recheck)
const seconds = Number(options.seconds)
const worker = fileURLToPath(new URL('connections/worker.mjs', import.meta.url))

const redis = await startRedis()
const child = await Child.start(worker, [redis.url, `${sessions}`, `${recheck}`], ['--expose-gc'])
const idle = await child.ask('rest', seconds)
const opened = await child.ask('open')
const held = await child.ask('rest', seconds)
await child.stop()
await redis.stop()
const versions = await machine(['koa', 'ioredis'], { Redis: redis.version })
const results = { ...versions, sessions, recheck, seconds, opened, idle, held }
await publish('connections', results, { report, page: 'connections.md' }, options)
