// One contender in a process of its own: node server.mjs NAME REDIS_URL
import { once } from 'node:events'
import { createServer } from 'node:http'
import { answer } from '../shared/child.mjs'
import { LIMIT, openLimit } from './limit.mjs'
import { openPackage } from './package.mjs'

const [name, url] = process.argv.slice(2)
const server = createServer(name === LIMIT ? openLimit(url) : await openPackage(name, url))
// A thousand connections arrive at once; Node's default backlog is 511.
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
await once(server, 'listening')

answer({
  port: () => server.address().port,
  cpu: () => process.cpuUsage(),
})
