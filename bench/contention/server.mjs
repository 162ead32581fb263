// One of the processes of a contender: node server.mjs CONTENDER STORE [URL]
import { once } from 'node:events'
import { createServer } from 'node:http'
import { answer } from '../shared/child.mjs'
import { openApp } from './apps.mjs'
import { sent } from './counted.mjs'

const server = createServer(await openApp(...process.argv.slice(2)))
// A thousand connections come at once; Node's own backlog is 511.
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
await once(server, 'listening')

answer({
  port: () => server.address().port,
  used: () => {
    const { user, system } = process.cpuUsage()
    return { commands: sent(), cpu: user + system }
  },
})
