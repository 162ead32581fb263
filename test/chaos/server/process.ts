import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import session from '../../../src/index.js'
import { migrating } from '../../../src/migrate.js'
import { joined } from '../configs.js'
import { type Action, type Data, REPORT } from '../protocol.js'
import { type ChaosContext, HANDLERS, LAST, Work } from './handlers.js'
import { type Address, open } from './open.js'

/** How one server process is configured: JSON in the environment variable `CHAOS`. */
export interface Task {
  address: Address
  config: string
  /** How long a command of the store may take, in ms. */
  commandTimeout: number
  /** `before`: the process that sessions begin on in a set-up that moves them. */
  role: 'before' | 'now'
}

const task: Task = JSON.parse(process.env.CHAOS ?? '')
const config = joined(task.config)
const isBefore = task.role === 'before'
const { address, commandTimeout } = task
const from = await open(address, { space: 0, commandTimeout })
const store =
  config.migrating && !isBefore
    ? migrating({ from, to: await open(address, { space: 1, commandTimeout }) })
    : from

const app = new Koa()
app.keys = ['a secret of the chaos runner']
app.proxy = config.secure === true
// The runner checks the status of each answer, so no error is printed.
app.silent = true
app.use((ctx, next) => {
  ctx.state.work = new Work(ctx as ChaosContext)
  reportTo(ctx.res, ctx.state.work)
  return next()
})
app.use(session<Data>({ ...(isBefore ? config.before : config.options), store }))
app.use(async (ctx) => {
  const work: Work = ctx.state.work
  const action = ctx.path.slice(1) as Action
  work.report.seen = { ...(ctx as ChaosContext).session }
  await work.wait('before')
  await HANDLERS[action](work)
  await work.wait('after')
  await LAST[action]?.(work)
  ctx.body = ''
  ctx.status = 200
})

/** Adds the report as a header, so that it arrives with Set-Cookie. Koa drops earlier headers on errors. */
function reportTo(response: ServerResponse, work: Work): void {
  const { writeHead } = response
  response.writeHead = ((...args: Parameters<typeof writeHead>) => {
    response.setHeader(REPORT, JSON.stringify(work.report))
    return writeHead.apply(response, args)
  }) as typeof writeHead
}

const server = createServer(app.callback())
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.((server.address() as AddressInfo).port)
process.once('disconnect', () => process.exit())
